// CUPS's back end `ipp` as cupsd runs it.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { skipWithoutEtcd } from './etcd.js';
import { run } from './peers.js';

const backEnd = '/usr/lib/cups/backend/ipp';

/** For tests of it on a cluster. */
export const withBackEnd = existsSync(backEnd) ? skipWithoutEtcd : { skip: `${backEnd} is not installed` };

/** 1: failed; 4: the queue stops and keeps its job until an operator enables it; 6: again. In each case cupsd runs it again. */
const againAfter: readonly number[] = [1, 4, 6];
const mostTries = 5;

export interface CupsJob {
  readonly uri: string;
  readonly name: string;
  readonly file: string;
  /** Told of each run that did not end well. */
  readonly onFailure: (status: number, said: string) => void;
}

/** Resolves with its exit status; an operator enables the queue when it was stopped. */
export const printByCups = async ({ uri, name, file, onFailure }: CupsJob): Promise<number> => {
  const folder = path.dirname(file);
  const env = {
    DEVICE_URI: uri,
    PRINTER: 'x',
    CONTENT_TYPE: 'application/octet-stream',
    FINAL_CONTENT_TYPE: 'application/octet-stream',
    CUPS_SERVERROOT: folder,
    TMPDIR: folder,
  };
  for (let tries = 1; ; tries += 1) {
    const { status, stderr } = await run(backEnd, ['77', 'campaign', name, '1', '', file], { env, timeoutMs: 40_000 });
    if (tries === mostTries || !againAfter.includes(status)) return status;
    onFailure(status, stderr);
  }
};
