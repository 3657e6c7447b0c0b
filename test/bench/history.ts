// A state directory with a long history, written through the store and kept for the next run.

import { createHash } from 'node:crypto';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { defaultDeviceOptions, type PrinterRecord } from '../../lib/model/printer.js';
import type { JobRecord } from '../../lib/model/job.js';
import { silentLog } from '../../lib/platform/log.js';
import { openEmbeddedStore } from '../../lib/store/embedded/embedded-store.js';
import { keys } from '../../lib/store/keys.js';
import type { Json, Store } from '../../lib/store/store.js';
import { finishedRecord } from '../support/seeded-jobs.js';

export interface HistorySize {
  readonly jobs: number;
  readonly printers: number;
}

const group = 'print';
const batch = 500;

const printerRecord = (index: number, now: number): PrinterRecord => ({
  version: 1,
  name: `printer-${index}`,
  uuid: `00000000-0000-4000-9000-${String(index).padStart(12, '0')}`,
  info: `Printer ${index}`,
  location: 'Somewhere',
  makeAndModel: 'Raw printer',
  deviceUri: `socket://127.${2 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`,
  formats: [],
  deviceAddresses: [`127.${2 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`],
  device: defaultDeviceOptions,
  accepting: true,
  paused: false,
  pausedMessage: '',
  interrupted: 'restart',
  maxAttempts: 3,
  created: now,
  changed: now,
});

const jobRecord = (id: number, printers: number): JobRecord =>
  finishedRecord(id, {
    printer: `printer-${id % printers}`,
    documents: [
      {
        number: 1,
        format: 'application/octet-stream',
        epoch: 1,
        length: 10_240,
        sha256: createHash('sha256').update(String(id)).digest('hex'),
        holders: { bench: `${id}.1.${createHash('md5').update(String(id)).digest('hex').slice(0, 16)}` },
      },
    ],
    attempts: [
      {
        number: 1,
        node: 'bench',
        epoch: 1,
        sourcePort: 40_000,
        started: Date.now(),
        ended: Date.now(),
        result: 'delivered',
        evidence: 'confirmed',
        bytes: 10_240,
        detail: 'the printer took everything and closed the connection',
      },
    ],
    attemptCount: 1,
    documentsKept: false,
  });

const write = async (store: Store, count: number, put: (index: number) => { key: string; value: unknown }[]) => {
  for (let from = 1; from <= count; from += batch) {
    const indexes = Array.from({ length: Math.min(batch, count - from + 1) }, (_, offset) => from + offset);
    const changes = indexes.flatMap(put).map(({ key, value }) => ({ put: key, value: value as Json }));
    await store.txn([], changes);
  }
};

const fill = async (directory: string, { jobs, printers }: HistorySize): Promise<void> => {
  await mkdir(directory, { recursive: true });
  const store = await openEmbeddedStore({ directory: path.join(directory, 'store'), log: silentLog });
  const now = Date.now();
  await write(store, printers, (index) => {
    const record = printerRecord(index, now);
    const devices = record.deviceAddresses.map((address) => ({
      key: keys.device(address),
      value: { version: 1, group },
    }));
    return [{ key: keys.printer(group, record.name), value: record }, ...devices];
  });
  await write(store, jobs, (id) => [{ key: keys.doneJob(group, id), value: jobRecord(id, printers) }]);
  await store.txn([], [{ put: keys.jobIds(group), value: { version: 1, next: jobs + 1 } }]);
  await store.close();
};

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

/** The state directory; to be copied before it is used. */
export const seededState = async (size: HistorySize): Promise<string> => {
  const directory = path.join(tmpdir(), `platen-bench-history-${size.jobs}-${size.printers}`);
  if (await isThere(directory)) return directory;
  const unfinished = `${directory}.${process.pid}`;
  try {
    await fill(unfinished, size);
    await rename(unfinished, directory);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return directory;
};
