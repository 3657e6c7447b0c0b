// Sends octets from an address for ever: node stream-source.js HOST PORT LOCAL-ADDRESS; `-` for any local address.

import { connect } from 'node:net';

const [host = '', port = '', local = '-'] = process.argv.slice(2);
const socket = connect({ host, port: Number(port), ...(local === '-' ? {} : { localAddress: local }) });
const chunk = Buffer.alloc(1 << 14);
const fill = (): void => {
  while (socket.write(chunk));
};
socket.on('connect', () => {
  process.stdout.write('connected\n');
  fill();
});
socket.on('drain', fill);
socket.on('error', (error: NodeJS.ErrnoException) => process.stdout.write(`${error.code}\n`));
