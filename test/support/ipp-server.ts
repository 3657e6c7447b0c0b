// An IPP listener on a real print spooler, for tests: printers `lp` (paused where the test says so) and what else it names.

import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Test } from 'tap';
import { IppListener, type IppListenerLimits } from '../../lib/intake/ipp/ipp-listener.js';
import { IppService, type IppServiceParts } from '../../lib/intake/ipp/ipp-service.js';
import type { JobRecord } from '../../lib/model/job.js';
import { systemClock } from '../../lib/platform/clock.js';
import { silentLog } from '../../lib/platform/log.js';
import type { OperationName } from '../../lib/protocols/ipp/operations.js';
import type { PrinterDraft } from '../../lib/queue/printer-table.js';
import { HttpConnection, type IppCall, type IppReply, ippRequest, post } from './ipp-client.js';
import { startTestSpooler, type TestSpooler, type TestSpoolerOptions } from './spooler.js';

export const ippLimits: IppListenerLimits = {
  maxConnections: 200,
  maxConnectionsPerAddress: 100,
  headerTimeMs: 10_000,
  headerBytes: 16 << 10,
  idleTimeMs: 60_000,
  minBytesPerSecond: 1024,
  minRateOverMs: 60_000,
  maxDocumentBytes: 2 ** 30,
};

export interface IppServerOptions {
  readonly limits?: Partial<IppListenerLimits>;
  readonly service?: Partial<Omit<IppServiceParts, 'server'>>;
  readonly spooler?: TestSpoolerOptions;
  /** Default: `lp` alone. */
  readonly printers?: readonly PrinterDraft[];
}

export interface IppServer extends TestSpooler {
  readonly listener: IppListener;
  readonly ippPort: number;
  /** Asks on a connection of its own. */
  ask: (operation: OperationName, call?: IppCall) => Promise<IppReply>;
  /** Every job there is, unfinished or not. */
  allJobs: () => Promise<readonly JobRecord[]>;
  /** Files of documents in the spool, temporary ones included. */
  spoolFiles: () => Promise<readonly string[]>;
}

export const paused: PrinterDraft = { name: 'lp', deviceUri: 'socket://127.0.0.1', paused: true };

export const startIppServer = async (t: Test, options: IppServerOptions = {}): Promise<IppServer> => {
  const test = await startTestSpooler(t, options.spooler);
  const { spooler, server, directory } = test;
  for (const draft of options.printers ?? [{ name: 'lp', deviceUri: 'socket://127.0.0.1' }])
    await spooler.addPrinter(draft);
  const clock = options.service?.clock ?? systemClock;
  const log = options.service?.log ?? silentLog;
  const service = new IppService({
    server,
    limits: {},
    decompression: { ratio: 200, freeBytes: 1 << 20 },
    maxDocumentsPerJob: 100,
    multipleOperationTimeoutMs: 300_000,
    isOperatorAddress: () => false,
    clock,
    log,
    ...options.service,
  });
  const listener = new IppListener({ server, service, limits: { ...ippLimits, ...options.limits }, clock, log });
  const ippPort = await listener.listen({ host: '127.0.0.1', port: 0 });
  t.teardown(() => listener.close(0));
  return {
    ...test,
    listener,
    ippPort,
    ask: async (operation, call) => {
      const connection = await HttpConnection.open(t, ippPort);
      await connection.send(post(ippRequest(operation, call)));
      const reply = await connection.reply();
      connection.socket.destroy();
      return reply;
    },
    allJobs: async () => {
      const jobs = [...spooler.jobs.allUnfinished()];
      for await (const page of spooler.jobs.finished()) jobs.push(...page);
      return jobs.sort((a, b) => a.id - b.id);
    },
    spoolFiles: async () => {
      const all = await readdir(directory, { recursive: true, withFileTypes: true });
      return all
        .filter((entry) => entry.isFile() && !entry.parentPath.startsWith(path.join(directory, 'store')))
        .map((entry) => path.join(entry.parentPath, entry.name));
    },
  };
};
