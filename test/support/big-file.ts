// Files too large for memory, without a pattern, and their hashes.

import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';

const block = Buffer.alloc(1 << 20);

/** Writes so many octets that no two runs share; returns their SHA-256. */
export const writeBigFile = async (file: string, length: number): Promise<string> => {
  const stream = createCipheriv('aes-128-ctr', randomBytes(16), randomBytes(16));
  const hash = createHash('sha256');
  const handle = await open(file, 'w');
  try {
    for (let left = length; left > 0; left -= block.length) {
      const part = stream.update(block.subarray(0, Math.min(left, block.length)));
      hash.update(part);
      await handle.writeFile(part);
    }
  } finally {
    await handle.close();
  }
  return hash.digest('hex');
};

export const hashOfFile = async (file: string): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
};
