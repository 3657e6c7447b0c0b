// What an error of the file system means for the spool.

import { constants } from 'node:os';
import { PlatenError } from '../errors.js';

const fullCodes = new Set(['ENOSPC', 'EDQUOT']);
/** The process or the machine is short of something; the disk is not at fault. */
const scarceCodes = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);

/** The error's code, such as `ENOENT`; undefined for what is no error of the file system. */
export const systemCode = (error: unknown): string | undefined => {
  if (!(error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string'))
    return undefined;
  // libuv has no name for this one.
  return 'errno' in error && error.errno === -constants.errno.EDQUOT ? 'EDQUOT' : error.code;
};

/** `spool-full` where trying later may help, `spool-failed` for every other error of the file system (R4); what is none comes back as it is. */
export const diskError = (error: unknown): unknown => {
  const code = systemCode(error);
  if (code === undefined) return error;
  if (fullCodes.has(code)) return new PlatenError('spool-full', undefined, { cause: error });
  if (scarceCodes.has(code))
    return new PlatenError('spool-full', `the server is short of resources (${code})`, { cause: error });
  return failed(code, error);
};

const failed = (code: string, error: unknown): PlatenError =>
  new PlatenError('spool-failed', `the disk reported an error: ${code}`, { cause: error });

export const throwDiskError = (error: unknown): never => {
  throw diskError(error);
};

/** For a directory that could not be synced: names that are on disk for all we know may be lost, so even a full disk is a failure. */
export const throwFailed = (error: unknown): never => {
  const code = systemCode(error);
  throw code === undefined ? error : failed(code, error);
};
