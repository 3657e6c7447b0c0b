// What a connection shows of whether its client heard us (lib/queue/hearing.ts), for listeners of any protocol.

import type { Socket } from 'node:net';
import type { Clock } from '../platform/clock.js';
import { Hearing } from '../queue/hearing.js';

export const followClient = (socket: Socket): Hearing => {
  const hearing = new Hearing();
  socket.once('end', () => hearing.goesOn());
  socket.once('close', (hadError) => hearing.ends(hadError ? 'broken' : 'closed'));
  return hearing;
};

/** How long a client that was told that its connection ends may take to close its side. */
const lingerMs = 2_000;

/**
 * Where others destroy the socket after its last octet was written, ours is closed for sending only: the client's FIN or reset tells whether it
 * had the answer, and nothing that it sends late resets what it has not read yet.
 */
export const lingerAtEnd = (socket: Socket, clock: Clock): void => {
  socket.destroySoon = () => {
    socket.end();
    socket.once(
      'close',
      clock.after(lingerMs, () => socket.destroy()),
    );
  };
};
