// Addresses of loopback that are this process's own: no other test takes a port there between its choice and its use.

/** The first, second or third of them. */
export const ownAddress = (which: 0 | 1 | 2): string =>
  `127.${64 * (which + 1) + ((process.pid >> 16) & 63)}.${(process.pid >> 8) & 255}.${process.pid & 255}`;
