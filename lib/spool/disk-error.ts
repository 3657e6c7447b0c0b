// What an error of the file system means for the spool.

import { PlatenError } from '../errors.js';

const fullCodes = new Set(['ENOSPC', 'EDQUOT']);
/** The process or the machine is short of something; the disk is not at fault. */
const scarceCodes = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);

/** The error's code, such as `ENOENT`; undefined for what is no error of the file system. */
export const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;

/** `spool-full` where trying later may help, `spool-failed` for every other error of the file system (R4); what is none comes back as it is. */
export const diskError = (error: unknown): unknown => {
  const code = systemCode(error);
  if (code === undefined) return error;
  if (fullCodes.has(code)) return new PlatenError('spool-full', undefined, { cause: error });
  if (scarceCodes.has(code))
    return new PlatenError('spool-full', `the server is short of resources (${code})`, { cause: error });
  return new PlatenError('spool-failed', `the disk reported an error: ${code}`, { cause: error });
};

export const throwDiskError = (error: unknown): never => {
  throw diskError(error);
};
