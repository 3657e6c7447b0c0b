// Requests and answers of etcd's JSON gateway (paths /v3/...): octets in base64, 64-bit numbers as text, fields at their default left out. Pure.

import { keyOctets, valueText } from '../limits.js';
import { afterPrefix } from '../prefix.js';
import type { Change, Compare, Entry, Json, RangeOptions, TxnResult, WatchEvent } from '../store.js';
import type { Sight } from './tail.js';

export interface Fields {
  readonly [name: string]: unknown;
}

export const paths = {
  range: '/v3/kv/range',
  txn: '/v3/kv/txn',
  compaction: '/v3/kv/compaction',
  watch: '/v3/watch',
  status: '/v3/maintenance/status',
  alarm: '/v3/maintenance/alarm',
  defragment: '/v3/maintenance/defragment',
  moveLeader: '/v3/maintenance/transfer-leadership',
} as const;

/** A stretch of the keys: from `low` (inclusive) to `high` (exclusive; undefined: to the end). */
export interface Stretch {
  readonly low: Buffer;
  readonly high: Buffer | undefined;
}

/** etcd's word for the first of all keys, and as an end for "no end". */
const zero = Buffer.from([0]);

export const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
/** A number field; absent means 0. */
export const numberOf = (value: unknown): number => Number(value ?? 0);
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const base64 = (octets: Buffer): string => octets.toString('base64');
const fromBase64 = (value: unknown): string => Buffer.from(textOf(value), 'base64').toString('utf8');

/** What a range looks at, or undefined when nothing can lie in it. */
export const stretchOf = (prefix: string, { from, order }: RangeOptions): Stretch | undefined => {
  const low = Buffer.from(prefix, 'utf8');
  const high = afterPrefix(low);
  if (from === undefined) return { low, high };
  const start = Buffer.from(from, 'utf8');
  if (order === 'descending') {
    if (start.compare(low) < 0) return undefined;
    const end = Buffer.concat([start, zero]);
    return { low, high: high !== undefined && high.compare(end) < 0 ? high : end };
  }
  if (high !== undefined && start.compare(high) >= 0) return undefined;
  return { low: start.compare(low) > 0 ? start : low, high };
};

/** The stretch that is left after its first part, up to `key`, was read. */
export const stretchBeyond = ({ low, high }: Stretch, key: string, descending: boolean): Stretch => {
  const octets = Buffer.from(key, 'utf8');
  return descending ? { low, high: octets } : { low: Buffer.concat([octets, zero]), high };
};

export interface RangeQuestion {
  readonly stretch: Stretch;
  readonly limit: number;
  readonly descending: boolean;
  /** Read as of this revision; undefined: the latest. */
  readonly revision: number | undefined;
}

export const rangeRequest = ({ stretch, limit, descending, revision }: RangeQuestion): Fields => ({
  key: base64(stretch.low.length === 0 ? zero : stretch.low),
  range_end: base64(stretch.high ?? zero),
  limit: String(limit),
  // Ascending is how etcd keeps keys: said as a sort, it would read everything before it cuts.
  ...(descending ? { sort_order: 'DESCEND', sort_target: 'KEY' } : {}),
  ...(revision === undefined ? {} : { revision: String(revision) }),
});

/** How many keys there are, and the first; reads no value. */
export const sightRequest = (stretch: Stretch, revision: number | undefined): Fields => ({
  ...rangeRequest({ stretch, limit: 1, descending: false, revision }),
  keys_only: true,
});

export const getRequest = (octets: Buffer): Fields => ({ key: base64(octets) });

/** Linearizable, and reads no value. */
export const revisionRequest: Fields = { key: base64(zero), count_only: true };

/** Throws RangeError for what no store takes. */
export const txnRequest = (compares: readonly Compare[], changes: readonly Change[]): Fields => ({
  compare: compares.map(({ key, revision }) => ({
    key: base64(keyOctets(key)),
    target: 'MOD',
    result: 'EQUAL',
    mod_revision: String(revision),
  })),
  success: changes.map((change) =>
    'delete' in change
      ? { request_delete_range: { key: base64(keyOctets(change.delete)) } }
      : {
          request_put: {
            key: base64(keyOctets(change.put)),
            value: base64(Buffer.from(valueText(change.put, change.value), 'utf8')),
          },
        },
  ),
  // etcd answers a transaction without operations from the member's own state, which may be stale; one with a range it does not.
  ...(changes.length === 0 ? { failure: [{ request_range: revisionRequest }] } : {}),
});

export const watchRequest = (prefix: string, fromRevision: number): Fields => {
  const low = Buffer.from(prefix, 'utf8');
  return {
    create_request: {
      key: base64(low.length === 0 ? zero : low),
      range_end: base64(afterPrefix(low) ?? zero),
      start_revision: String(fromRevision),
      progress_notify: true,
    },
  };
};

export const revisionOf = (answer: Fields): number => numberOf(fieldsOf(answer['header'])['revision']);

export const clusterOf = (answer: Fields): string => textOf(fieldsOf(answer['header'])['cluster_id']);

const entryOf = (kv: Fields): Entry => ({
  key: fromBase64(kv['key']),
  value: JSON.parse(fromBase64(kv['value'])) as Json,
  revision: numberOf(kv['mod_revision']),
});

export interface Page {
  readonly entries: readonly Entry[];
  readonly revision: number;
  readonly more: boolean;
  /** Size of the entries on the wire. */
  readonly octets: number;
}

export const pageOf = (answer: Fields): Page => {
  const kvs = listOf(answer['kvs']).map(fieldsOf);
  return {
    entries: kvs.map(entryOf),
    revision: revisionOf(answer),
    more: answer['more'] === true,
    octets: kvs.reduce((sum, kv) => sum + textOf(kv['key']).length + textOf(kv['value']).length, 0),
  };
};

export const sightOf = (answer: Fields): Sight & { readonly revision: number } => {
  const [first] = listOf(answer['kvs']).map(fieldsOf);
  return {
    count: numberOf(answer['count']),
    first: first && Buffer.from(textOf(first['key']), 'base64'),
    revision: revisionOf(answer),
  };
};

export const txnResultOf = (answer: Fields): TxnResult =>
  answer['succeeded'] === true ? { outcome: 'committed', revision: revisionOf(answer) } : { outcome: 'conflict' };

export type WatchMessage =
  | { readonly kind: 'batches'; readonly batches: readonly (readonly WatchEvent[])[] }
  /** Nothing up to this revision is still to come. */
  | { readonly kind: 'progress'; readonly revision: number }
  | { readonly kind: 'created' }
  | { readonly kind: 'compacted'; readonly oldest: number }
  | { readonly kind: 'cancelled'; readonly reason: string };

const eventOf = (event: Fields): WatchEvent => {
  const kv = fieldsOf(event['kv']);
  if (event['type'] !== 'DELETE') return { kind: 'put', entry: entryOf(kv) };
  return { kind: 'delete', key: fromBase64(kv['key']), revision: numberOf(kv['mod_revision']) };
};

export const revisionOfEvent = (event: WatchEvent): number =>
  event.kind === 'put' ? event.entry.revision : event.revision;

/** etcd may put many transactions into one message, never one into several. */
const batchesOf = (events: readonly unknown[]): WatchEvent[][] => {
  const batches = new Map<number, WatchEvent[]>();
  for (const event of events.map((each) => eventOf(fieldsOf(each)))) {
    const revision = revisionOfEvent(event);
    const batch = batches.get(revision);
    if (batch === undefined) batches.set(revision, [event]);
    else batch.push(event);
  }
  return [...batches.values()];
};

export const watchMessageOf = (result: Fields): WatchMessage => {
  if (result['canceled'] === true) {
    const oldest = numberOf(result['compact_revision']);
    return oldest > 0
      ? { kind: 'compacted', oldest }
      : { kind: 'cancelled', reason: textOf(result['cancel_reason']) || 'no reason given' };
  }
  if (result['created'] === true) return { kind: 'created' };
  const events = listOf(result['events']);
  return events.length === 0
    ? { kind: 'progress', revision: revisionOf(result) }
    : { kind: 'batches', batches: batchesOf(events) };
};
