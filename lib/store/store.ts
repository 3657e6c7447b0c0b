// The cluster's table: ordered keys, JSON-able values, one revision counter (DESIGN section 4). Implementations: embedded/ (one node), etcd/ (a cluster).

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

export interface Entry {
  readonly key: string;
  readonly value: Json;
  /** Modification revision: the store's revision at which this value was put. */
  readonly revision: number;
}

/** Holds when the key's modification revision is `revision`; 0 stands for absence. */
export interface Compare {
  readonly key: string;
  readonly revision: number;
}

export type Change = { readonly put: string; readonly value: Json } | { readonly delete: string };

/** A lost comparison and an unknown outcome are values: the caller settles them. */
export type TxnResult =
  | { readonly outcome: 'committed'; readonly revision: number }
  | { readonly outcome: 'conflict' }
  | { readonly outcome: 'unknown'; readonly cause: unknown };

export interface RangeOptions {
  /** At most this many entries; default 1,000. */
  readonly limit?: number;
  /** Where to go on: the first key looked at (inclusive), in the direction of `order`. */
  readonly from?: string;
  readonly order?: 'ascending' | 'descending';
}

export interface Range {
  readonly entries: readonly Entry[];
  /** The store's revision at which the range was read. */
  readonly revision: number;
  /** True when the limit cut the range off. */
  readonly more: boolean;
}

export type WatchEvent =
  | { readonly kind: 'put'; readonly entry: Entry }
  | { readonly kind: 'delete'; readonly key: string; readonly revision: number };

/**
 * Reads are linearizable: they see every transaction that was committed before they began.
 * Every call may throw `PlatenError('store-unreachable')`; after `close` it always does.
 */
export interface Store {
  get(key: string): Promise<Entry | undefined>;
  /** Entries whose key starts with `prefix`, in the order of the keys' UTF-8 octets. */
  range(prefix: string, options?: RangeOptions): Promise<Range>;
  /** All changes or none, durable before it resolves. A key may be changed once per transaction. */
  txn(compares: readonly Compare[], changes: readonly Change[]): Promise<TxnResult>;
  /**
   * Batches of events with revision ≥ `fromRevision`, one batch per transaction, in order, for keys that start with `prefix`;
   * throws `PlatenError('store-compacted')` when that revision is no longer kept: range again and watch from there.
   */
  watch(prefix: string, fromRevision: number, signal: AbortSignal): AsyncIterable<readonly WatchEvent[]>;
  close(): Promise<void>;
}
