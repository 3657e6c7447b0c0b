// A printer that takes everything at once: reads each connection to its end, closes it, and counts what was whole.
// Speaks over its pipe: `port` when it listens, `done` when as many documents came as it was told to wait for.

import { createServer, type AddressInfo } from 'node:net';

let wanted: { readonly documents: number; readonly bytes: number } | undefined;
let whole = 0;
let broken = 0;

const count = (octets: number): void => {
  if (wanted === undefined) return;
  if (octets === wanted.bytes) whole += 1;
  else broken += 1;
  if (whole + broken === wanted.documents) process.send?.({ done: { whole, broken } });
};

const server = createServer({ noDelay: true }, (socket) => {
  let octets = 0;
  socket.on('data', (chunk) => {
    octets += chunk.length;
  });
  socket.on('end', () => count(octets));
  socket.on('error', () => undefined);
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));

process.on('message', (message: { documents: number; bytes: number }) => {
  wanted = message;
  whole = 0;
  broken = 0;
});
process.on('disconnect', () => process.exit());
