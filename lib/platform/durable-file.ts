// Files and directories that are still there after a power cut: what names them is synced too.

import { constants } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import path from 'node:path';

/** Makes the names in a directory durable. */
export const syncDirectory = async (directory: string): Promise<void> => {
  const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Creates the directory and what is missing above it, mode 0700, durably. */
export const ensureDirectory = async (directory: string): Promise<void> => {
  const missing: string[] = [];
  for (let above = path.resolve(directory); ; above = path.dirname(above)) {
    try {
      await mkdir(above, { mode: 0o700 });
      missing.push(above);
      break;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') break;
      if (code !== 'ENOENT') throw error;
      missing.push(above);
    }
  }
  for (const one of missing.reverse()) {
    await mkdir(one, { recursive: true, mode: 0o700 });
    await syncDirectory(path.dirname(one));
  }
};

/** Writes or replaces a file, mode 0600, durably: whole or not at all. One writer at a time. */
export const replaceFile = async (file: string, text: string): Promise<void> => {
  const { O_CREAT, O_WRONLY, O_TRUNC, O_NOFOLLOW } = constants;
  const draft = `${file}.part`;
  const handle = await open(draft, O_CREAT | O_WRONLY | O_TRUNC | O_NOFOLLOW, 0o600);
  try {
    // What a kill left of an earlier try keeps its mode.
    await handle.chmod(0o600);
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
  await syncDirectory(path.dirname(file));
};
