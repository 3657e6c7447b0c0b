// Connections to LPD devices: from any source port, or from one of those that RFC 1179 section 3.1 reserves for senders.

import type { Connected, ConnectRequest } from './connect.js';
import { connectDevice } from './connect.js';

const firstReserved = 721;
const lastReserved = 731;
const takenCodes: ReadonlySet<string> = new Set(['EADDRINUSE', 'EADDRNOTAVAIL']);

/** Tries the reserved source ports in turn; one that is in use, or still waits for its last connection's end, is passed over. */
export const connectReserved = async (request: ConnectRequest): Promise<Connected> => {
  for (let localPort = firstReserved; localPort <= lastReserved; localPort += 1) {
    const connected = await connectDevice({ ...request, localPort });
    if (connected.ok) return connected;
    if (connected.code === 'EACCES')
      return {
        ok: false,
        reason: `source ports ${firstReserved} to ${lastReserved} need the capability CAP_NET_BIND_SERVICE`,
      };
    if (!takenCodes.has(connected.code ?? '')) return connected;
  }
  return { ok: false, reason: `all source ports from ${firstReserved} to ${lastReserved} are in use` };
};
