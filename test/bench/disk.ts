// What the disk itself can do, measured in the same way as the server uses it: the yardstick beside the figures.

import { constants } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import path from 'node:path';

const { O_CREAT, O_EXCL, O_RDONLY, O_WRONLY } = constants;
const syncEvery = 8 << 20;
const piece = 1 << 20;

const createOne = async (folder: string, name: string, octets: Uint8Array): Promise<void> => {
  const temporary = path.join(folder, `${name}.part`);
  const file = await open(temporary, O_WRONLY | O_CREAT | O_EXCL, 0o600);
  await file.write(octets);
  await file.sync();
  await file.close();
  await rename(temporary, path.join(folder, name));
  const directory = await open(folder, O_RDONLY);
  await directory.sync();
  await directory.close();
};

/** Files a second: created, written, synced, renamed, and the directory synced; so many at once. */
export const createRate = async (
  folder: string,
  { bytes, atOnce, seconds }: { bytes: number; atOnce: number; seconds: number },
): Promise<number> => {
  const octets = Buffer.alloc(bytes, 'x');
  const place = path.join(folder, `create-${atOnce}`);
  await mkdir(place);
  const started = performance.now();
  let count = 0;
  const loop = async (): Promise<void> => {
    while (performance.now() - started < seconds * 1000) {
      count += 1;
      await createOne(place, String(count), octets);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, loop));
  return count / ((performance.now() - started) / 1000);
};

/** Octets a second of one file written from its start to its end, with the server's rule: a sync each 8 MiB. */
export const sequentialRate = async (folder: string, bytes: number): Promise<number> => {
  const octets = Buffer.alloc(piece, 'x');
  const file = await open(path.join(folder, `sequential-${performance.now()}`), O_WRONLY | O_CREAT | O_EXCL, 0o600);
  try {
    const started = performance.now();
    for (let written = 0; written < bytes; written += piece) {
      await file.write(octets);
      if ((written + piece) % syncEvery === 0) await file.datasync();
    }
    await file.sync();
    return bytes / ((performance.now() - started) / 1000);
  } finally {
    await file.close();
  }
};
