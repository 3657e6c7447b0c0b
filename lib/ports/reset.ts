// Ends a connection at once, so that the kernel throws away what it has not sent.

import type { Socket } from 'node:net';

/**
 * Before our FIN is in the kernel libuv refuses a reset (uv_tcp_close_reset); Node then throws from a callback and never closes the
 * descriptor. Nothing waits behind a FIN that must not go out.
 */
export const reset = (socket: Socket): void => {
  if (socket.writableEnded && !socket.writableFinished) socket.destroy();
  else socket.resetAndDestroy();
};
