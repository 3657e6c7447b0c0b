// Reads slowly what is sent to it, 200 KiB a second: node stream-sink.js HOST PORT.

import { createServer } from 'node:net';

const [host = '', port = ''] = process.argv.slice(2);
createServer((socket) => {
  socket.on('error', () => {});
  socket.on('data', () => {
    socket.pause();
    setTimeout(() => socket.resume(), 300);
  });
}).listen(Number(port), host, () => process.stdout.write('listens\n'));
