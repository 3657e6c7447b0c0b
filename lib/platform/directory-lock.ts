// One process per directory and purpose. The lock is an abstract Unix socket named after the directory's device and inode: the kernel
// drops it with the process, however that dies, so that nothing stale is ever left; a pid file would have to be guessed about.
// Such names are per network namespace: two processes in different ones are not kept apart.

import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';

/** The whole of sun_path (unix(7)): versions of Node.js differ in whether they fill a shorter name up with zero octets. */
const nameBytes = 108;

export interface DirectoryLock {
  release(): Promise<void>;
}

/** Throws an Error that says so when another process, or another part of this one, holds the directory for the same purpose. */
export const lockDirectory = async (directory: string, purpose: string): Promise<DirectoryLock> => {
  const { dev, ino } = await stat(directory, { bigint: true });
  const name = `\0platen-${purpose}-${dev}-${ino}-`.padEnd(nameBytes, '.');
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new Error(`${directory} is in use by another process`) : error),
    );
    server.listen(name, () => resolve());
  });
  server.unref();
  return { release: () => new Promise((resolve) => server.close(() => resolve())) };
};
