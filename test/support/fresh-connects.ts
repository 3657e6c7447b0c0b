// A client that connects every 10 ms for a while and asks for a page: node fresh-connects.js ADDRESS MS. Prints `begun`, and at the end one line of JSON.

import { connect } from 'node:net';

const [host = '', ms = ''] = process.argv.slice(2);
const failed: string[] = [];
let answered = 0;
let lastAt = performance.now();
let longestMs = 0;
let open = 0;

const ask = (): void => {
  const begunAt = performance.now();
  const socket = connect({ host, port: 631 });
  let text = '';
  open += 1;
  socket.on('connect', () => socket.write('GET / HTTP/1.1\r\nHost: printers\r\nConnection: close\r\n\r\n'));
  socket.on('data', (octets) => (text += octets.toString('latin1')));
  socket.on('error', (error: NodeJS.ErrnoException) => failed.push(error.code ?? error.message));
  socket.on('close', (hadError) => {
    open -= 1;
    if (text.startsWith('HTTP/1.1 ')) {
      if (answered === 0) process.stdout.write('begun\n');
      answered += 1;
      longestMs = Math.max(longestMs, Math.round(begunAt - lastAt));
      lastAt = Math.max(lastAt, begunAt);
    } else if (!hadError) failed.push('no answer');
  });
};

const timer = setInterval(ask, 10);
setTimeout(() => {
  clearInterval(timer);
  const end = setInterval(() => {
    if (open > 0) return;
    clearInterval(end);
    process.stdout.write(`${JSON.stringify({ answered, failed, longestMs })}\n`);
  }, 20);
}, Number(ms));
