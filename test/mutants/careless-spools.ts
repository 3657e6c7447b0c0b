// Spools with one mistake each.

import { createHash } from 'node:crypto';
import { open, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { syncDirectory } from '../../lib/platform/durable-file.js';
import { DirectorySync } from '../../lib/spool/directory-sync.js';
import { newFileName } from '../../lib/spool/layout.js';
import { Spool, type SpoolOptions } from '../../lib/spool/spool.js';

const lateMs = 250;

const syncFile = async (file: string): Promise<void> => {
  const handle = await open(file, 'r');
  await handle.sync();
  await handle.close();
};

/** Answers when the document is written, and syncs a little later. */
export const openLateSpool = async (options: SpoolOptions): Promise<Spool> => {
  const spool = await Spool.open(options);
  spool.receive = async (key, source) => {
    const parts: Uint8Array[] = [];
    for await (const part of source) parts.push(part);
    const content = Buffer.concat(parts);
    const { group, epoch } = key;
    const file = newFileName(key);
    const target = path.join(options.directory, 'documents', group, String(epoch), file);
    await writeFile(`${target}.part`, content, { mode: 0o600, flag: 'wx' });
    await rename(`${target}.part`, target);
    void pause(lateMs)
      .then(() => syncFile(target))
      .then(() => syncDirectory(path.dirname(target)));
    return { epoch, file, length: content.length, sha256: createHash('sha256').update(content).digest('hex') };
  };
  return spool;
};

/** Never syncs a directory. */
export const openNamelessSpool = async (options: SpoolOptions): Promise<Spool> => {
  DirectorySync.prototype.sync = async () => undefined;
  return Spool.open(options);
};

/** Takes what has arrived when a client vanishes for the whole document. */
export const openGreedySpool = async (options: SpoolOptions): Promise<Spool> => {
  const spool = await Spool.open(options);
  const receive = spool.receive.bind(spool);
  spool.receive = (key, source) => receive(key, untilBroken(source));
  return spool;
};

async function* untilBroken(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* source;
  } catch {
    // What came is what there is.
  }
}
