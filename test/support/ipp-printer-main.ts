// Child process: the printer of npm's ipp-printer on a free port of 127.0.0.1, its documents as files in the folder given.

import dgram from 'node:dgram';
import { EventEmitter } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Readable } from 'node:stream';

interface Job extends Readable {
  readonly id: number;
}
type PrinterClass = new (options: object) => EventEmitter;

// The package opens UDP port 5353 even where nothing is to be announced: it gets a socket that does nothing.
class DeafSocket extends EventEmitter {
  bind(): void {}
  close(): void {}
}
Object.assign(dgram, { createSocket: () => new DeafSocket() });

const [folder = '.'] = process.argv.slice(2);
const Printer = createRequire(import.meta.url)('ipp-printer') as PrinterClass;
const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const uri = `ipp://127.0.0.1:${port}/`;
  const printer = new Printer({ name: 'peer', server, uri, zeroconf: false });
  printer.on('job', (job: Job) => {
    job.pipe(createWriteStream(path.join(folder, String(job.id).padStart(6, '0'))));
  });
  process.stdout.write(`ready ${uri}\n`);
});
