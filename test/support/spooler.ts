// A real Print Spooler for tests: embedded store and spool in a temporary directory; ports scripted unless the test gives its own.

import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PlatenError } from '../../lib/errors.js';
import type { DeviceScheme } from '../../lib/model/device-uri.js';
import type { OwnerRecord, Tenure } from '../../lib/model/ownership.js';
import { type Clock, systemClock } from '../../lib/platform/clock.js';
import { type Log, silentLog } from '../../lib/platform/log.js';
import type { Port } from '../../lib/ports/port.js';
import type { Documents } from '../../lib/queue/documents.js';
import { EventLog } from '../../lib/queue/events.js';
import { PrintSpooler, type SpoolerLimits, type SpoolerParts } from '../../lib/queue/print-spooler.js';
import type { RetentionPolicy } from '../../lib/queue/retention.js';
import { roomEnough } from '../../lib/queue/store-room.js';
import type { VirtualServer } from '../../lib/queue/virtual-server.js';
import { SoleDocuments } from '../../lib/spool/sole-documents.js';
import { Spool } from '../../lib/spool/spool.js';
import { openEmbeddedStore } from '../../lib/store/embedded/embedded-store.js';
import { keys } from '../../lib/store/keys.js';
import type { Json, Store } from '../../lib/store/store.js';
import { ScriptedPort } from './scripted-port.js';

export interface TestSpoolerOptions {
  readonly group?: string;
  readonly node?: string;
  readonly names?: readonly string[];
  /** The state directory; a new temporary one, removed at the end, when absent. A second start on it claims the next epoch. */
  readonly directory?: string;
  readonly clock?: Clock;
  readonly log?: Log;
  /** Real ports instead of the scripted one. */
  readonly ports?: Partial<Record<DeviceScheme, Port>>;
  readonly limits?: Partial<SpoolerLimits & { readonly maxDocumentBytes: number; readonly reserveBytes: number }>;
  readonly retention?: Partial<RetentionPolicy>;
  readonly storeRoom?: SpoolerParts['storeRoom'];
  readonly printerDefaults?: SpoolerParts['printerDefaults'];
  /** Beyond the usual ones; default: every port, for emulators. */
  readonly devicePorts?: readonly number[];
  /** A store that nodes share, and the node's own spool with its copies elsewhere; else both are in the state directory. */
  readonly store?: Store;
  readonly replicated?: { readonly spool: Spool; readonly documents: Documents };
  /** Stands between the spooler and its store. */
  readonly wrapStore?: (store: Store) => Store;
  readonly resolve?: SpoolerParts['resolve'];
  readonly pageCount?: SpoolerParts['pageCount'];
  readonly deviceReasons?: SpoolerParts['deviceReasons'];
}

export interface TestSpooler {
  readonly directory: string;
  readonly spooler: PrintSpooler;
  /** Answers `not-owner` after `disown`. */
  readonly server: VirtualServer;
  readonly store: Store;
  readonly spool: Spool;
  readonly events: EventLog;
  readonly tenure: Tenure;
  /** Behind every scheme that `ports` did not name. */
  readonly port: ScriptedPort;
  /** The group is taken away: `holds()` is false from now on, and the virtual server has no spooler. */
  readonly disown: () => void;
  /** As a crash leaves things: nothing is put on record any more. */
  readonly crash: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

interface Test {
  teardown(action: () => Promise<void>): unknown;
}

const everyPort = Array.from({ length: 65_535 }, (_, index) => index + 1);

const claim = async (store: Store, group: string, node: string): Promise<{ epoch: number; revision: number }> => {
  const before = await store.get(keys.owner(group));
  const epoch = ((before?.value as { epoch?: number } | undefined)?.epoch ?? 0) + 1;
  const owner: OwnerRecord = { version: 1, node, incarnation: randomUUID().replaceAll('-', ''), epoch };
  const result = await store.txn(
    [{ key: keys.owner(group), revision: before?.revision ?? 0 }],
    [{ put: keys.owner(group), value: owner as unknown as Json }],
  );
  if (result.outcome !== 'committed') throw new Error(`the group could not be claimed: ${result.outcome}`);
  return { epoch, revision: result.revision };
};

/** Starts everything and stops it at the end of the test. */
export const startTestSpooler = async (t: Test, options: TestSpoolerOptions = {}): Promise<TestSpooler> => {
  const {
    group = 'print',
    node = 'alpha',
    names = ['print.example.org'],
    clock = systemClock,
    log = silentLog,
  } = options;
  const directory = options.directory ?? (await mkdtemp(path.join(tmpdir(), 'platen-spooler-')));
  const opened = options.store ?? (await openEmbeddedStore({ directory: path.join(directory, 'store'), log }));
  const store = options.wrapStore?.(opened) ?? opened;
  const { epoch, revision } = await claim(store, group, node);
  let owned = true;
  const tenure: Tenure = { group, epoch, node, revision, holds: () => owned };
  const {
    maxUnfinishedJobs = 20_000,
    multipleOperationTimeoutMs = 300_000,
    keepOrphansMs = 86_400_000,
    maxDocumentBytes = 2 ** 30,
    reserveBytes = 0,
  } = options.limits ?? {};
  const spool =
    options.replicated?.spool ??
    (await Spool.open({ directory, limits: { maxDocumentBytes, reserveBytes }, clock, log }));
  const events = new EventLog({ store, node, clock, log });
  const port = new ScriptedPort();
  const spooler = await PrintSpooler.start({
    tenure,
    store,
    documents: options.replicated?.documents ?? new SoleDocuments({ spool, node }),
    clock,
    log,
    events,
    limits: { maxUnfinishedJobs, multipleOperationTimeoutMs, keepOrphansMs },
    retention: {
      keepHistoryMs: 7 * 86_400_000,
      keepHistoryCount: 100_000,
      keepDocumentsMs: 86_400_000,
      keepDocumentsCount: 10_000,
      keepDocumentsBytes: 2 ** 33,
      ...options.retention,
    },
    storeRoom: options.storeRoom ?? (() => roomEnough),
    printerDefaults: options.printerDefaults ?? { interrupted: 'restart', maxAttempts: 3 },
    devicePorts: options.devicePorts ?? everyPort,
    resolve: options.resolve ?? (async (host) => (host === 'localhost' ? ['127.0.0.1'] : ['192.0.2.1'])),
    newUuid: randomUUID,
    onUncertain: () => {
      owned = false;
    },
    ports: { socket: port, lpd: port, ipp: port, ipps: port, ...options.ports },
    serverName: names[0] ?? 'localhost',
    pageCount: options.pageCount ?? (async () => undefined),
    deviceReasons: options.deviceReasons ?? (() => []),
  });
  let stopped: Promise<void> | undefined;
  const stopAll = async (): Promise<void> => {
    port.open();
    await spooler.stop(1_000);
    await events.settled();
    if (options.replicated === undefined) await spool.close();
    if (options.store === undefined) await store.close();
    if (options.directory === undefined) await rm(directory, { recursive: true, force: true });
  };
  const stop = (): Promise<void> => (stopped ??= stopAll());
  t.teardown(stop);
  const server: VirtualServer = {
    group,
    names,
    spooler: () => {
      if (!owned) throw new PlatenError('not-owner');
      return spooler;
    },
  };
  const disown = (): void => {
    owned = false;
  };
  const crash = (): Promise<void> => {
    disown();
    return stop();
  };
  return { directory, spooler, server, store, spool, events, tenure, port, disown, crash, stop };
};
