// The store of a cluster: etcd 3.4 or newer through its JSON gateway (DESIGN section 4). All reads are linearizable.

import { PlatenError } from '../../errors.js';
import type { Clock } from '../../platform/clock.js';
import { systemClock } from '../../platform/clock.js';
import { assertTxn, defaultRangeLimit, keyOctets } from '../limits.js';
import type { Change, Compare, Entry, Range, RangeOptions, Store, TxnResult, WatchEvent } from '../store.js';
import { EtcdClient } from './client.js';
import { parseEndpoints } from './endpoint.js';
import { Gateway, type TlsConnections } from './gateway.js';
import { tailOf } from './tail.js';
import type { Stretch } from './wire.js';
import {
  getRequest,
  pageOf,
  paths,
  rangeRequest,
  revisionOfEvent,
  revisionRequest,
  sightOf,
  sightRequest,
  stretchBeyond,
  stretchOf,
  txnRequest,
  txnResultOf,
  watchMessageOf,
  watchRequest,
} from './wire.js';

const defaultTryMs = 400;
const defaultCallMs = 1_200;
const defaultInFlight = 64;
/** A long range is read in pages of about this size, so that each is answered well within its deadline. */
const pageOctets = 1 << 20;
const firstPage = 64;

export interface EtcdStoreOptions {
  /** `https://host:port`, in the order of preference: this machine's own member first. */
  readonly endpoints: readonly string[];
  /** Makes the connections to one https endpoint. */
  readonly tls?: (() => TlsConnections) | undefined;
  /** Allows plain http to other machines. */
  readonly insecure?: boolean;
  /** How long one member may take; default 400 ms. */
  readonly tryMs?: number;
  /** How long a call may take, the wait for its turn and all tries included (a range: each page); default 1,200 ms. */
  readonly callMs?: number;
  /** Calls at a time; the others wait in order. Default 64. Connections are not shared with other stores. */
  readonly inFlight?: number;
  readonly clock?: Clock;
}

/**
 * Opens a way to the cluster; it connects when it is used. What must never queue (renewals) opens a store of its own beside that of the jobs.
 * Throws RangeError for endpoints that cannot be used.
 */
export const openEtcdStore = (options: EtcdStoreOptions): Store => {
  const { endpoints, tls, insecure = false, clock = systemClock } = options;
  const { tryMs = defaultTryMs, callMs = defaultCallMs, inFlight = defaultInFlight } = options;
  const gateways = parseEndpoints(endpoints, insecure).map(
    (endpoint) => new Gateway({ endpoint, tls: tls?.(), clock }),
  );
  return new EtcdStore(new EtcdClient({ gateways, clock, tryMs, callMs, inFlight }));
};

/** Where the reading of a range begins. */
interface Start {
  readonly stretch: Stretch;
  /** Undefined: the latest. */
  readonly revision: number | undefined;
  /** There are entries beyond the limit, whatever the stretch holds. */
  readonly more: boolean;
}

class EtcdStore implements Store {
  readonly #client: EtcdClient;
  #closed: Promise<void> | undefined;

  constructor(client: EtcdClient) {
    this.#client = client;
  }

  async get(key: string): Promise<Entry | undefined> {
    this.#client.assertOpen();
    return pageOf(await this.#client.read(paths.range, getRequest(keyOctets(key)))).entries[0];
  }

  async range(prefix: string, options: RangeOptions = {}): Promise<Range> {
    this.#client.assertOpen();
    const { limit = defaultRangeLimit, order } = options;
    if (!Number.isSafeInteger(limit) || limit < 1) throw new RangeError(`a range's limit is 1 or more, not ${limit}`);
    const stretch = stretchOf(prefix, options);
    if (stretch === undefined) {
      const { revision } = pageOf(await this.#client.read(paths.range, revisionRequest));
      return { entries: [], revision, more: false };
    }
    const descending = order === 'descending';
    for (;;) {
      try {
        const start = descending ? await this.#tail(stretch, limit) : { stretch, revision: undefined, more: false };
        return await this.#pages(start, { descending, limit });
      } catch (error) {
        // Its revision was compacted while it was read: once more, at a newer one.
        if (!(error instanceof PlatenError && error.code === 'store-compacted')) throw error;
      }
    }
  }

  async txn(compares: readonly Compare[], changes: readonly Change[]): Promise<TxnResult> {
    this.#client.assertOpen();
    assertTxn(compares, changes);
    const outcome = await this.#client.write(paths.txn, txnRequest(compares, changes));
    return outcome.kind === 'unknown' ? { outcome: 'unknown', cause: outcome.cause } : txnResultOf(outcome.answer);
  }

  async *watch(prefix: string, fromRevision: number, signal: AbortSignal): AsyncGenerator<readonly WatchEvent[]> {
    let next = Math.max(1, fromRevision);
    while (!signal.aborted) {
      this.#client.assertOpen();
      for await (const fields of this.#client.follow(paths.watch, watchRequest(prefix, next), signal)) {
        const message = watchMessageOf(fields);
        if (message.kind === 'compacted')
          throw new PlatenError(
            'store-compacted',
            `revision ${next} is no longer kept, the oldest is ${message.oldest}`,
          );
        if (message.kind === 'cancelled')
          throw new PlatenError('store-unreachable', `etcd ended the watch: ${message.reason}`);
        if (message.kind === 'progress') next = Math.max(next, message.revision + 1);
        if (message.kind !== 'batches') continue;
        for (const batch of message.batches) {
          const [event] = batch;
          if (event !== undefined) next = revisionOfEvent(event) + 1;
          yield batch;
          if (signal.aborted) return;
        }
      }
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#client.close();
    return this.#closed;
  }

  /** Where the last `limit` keys of a stretch are, and whether there are more before them. */
  async #tail(whole: Stretch, limit: number): Promise<Start> {
    let total: number | undefined;
    let revision: number | undefined;
    const stretch = await tailOf(whole, limit, async (part) => {
      const sight = sightOf(await this.#client.read(paths.range, sightRequest(part, revision)));
      revision ??= sight.revision;
      total ??= sight.count;
      return sight;
    });
    return { stretch, revision, more: (total ?? 0) > limit };
  }

  /** All pages at the revision of the first. */
  async #pages(start: Start, { descending, limit }: { descending: boolean; limit: number }): Promise<Range> {
    const entries: Entry[] = [];
    let { stretch, revision } = start;
    for (let size = firstPage; ; ) {
      const request = rangeRequest({ stretch, descending, limit: Math.min(size, limit - entries.length), revision });
      const page = pageOf(await this.#client.read(paths.range, request));
      for (const entry of page.entries) entries.push(entry);
      // Of a read in the past, etcd tells the revision of now.
      revision ??= page.revision;
      const last = page.entries.at(-1);
      if (!page.more || last === undefined || entries.length === limit)
        return { entries, revision, more: page.more || start.more };
      stretch = stretchBeyond(stretch, last.key, descending);
      size = Math.max(1, Math.floor((pageOctets * page.entries.length) / page.octets));
    }
  }
}
