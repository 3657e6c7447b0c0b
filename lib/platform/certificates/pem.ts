// PEM files: what is read of them, and what is said when they cannot be read.

import { open } from 'node:fs/promises';
import { PlatenError } from '../../errors.js';

const mostOctets = 1 << 20;

/** The blocks of that label, in their order. */
export const pemBlocks = (text: string, label: string): string[] =>
  [...text.matchAll(new RegExp(`-----BEGIN ${label}-----[A-Za-z0-9+/=\\s]*-----END ${label}-----`, 'g'))].map(
    ([block]) => `${block}\n`,
  );

export const unusable = (file: string, because: string, cause?: unknown): PlatenError =>
  new PlatenError('certificate-unusable', `${file} ${because}`, { cause });

/** `secret`: refused when everybody may read it. Throws `certificate-unusable`. */
export const readPem = async (file: string, { secret = false } = {}): Promise<string> => {
  try {
    const handle = await open(file, 'r');
    try {
      const { mode, size } = await handle.stat();
      if (secret && (mode & 0o007) !== 0) throw unusable(file, 'can be read by everybody: set its mode to 600');
      if (size > mostOctets) throw unusable(file, 'is too long for a certificate');
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof PlatenError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw unusable(file, code === 'ENOENT' ? 'is not there' : `cannot be read: ${message}`, error);
  }
};
