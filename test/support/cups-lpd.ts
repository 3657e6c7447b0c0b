// CUPS' LPD server before a cupsd, started for each connection as inetd would.

import { spawn } from 'node:child_process';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Cupsd } from './cupsd.js';
import type { TestScope } from './peers.js';

const program = '/usr/lib/cups/daemon/cups-lpd';

export const cupsLpdNeeds = [program] as const;

export interface CupsLpd {
  readonly port: number;
}

export const startCupsLpd = async (t: TestScope, cupsd: Cupsd, temporary: string): Promise<CupsLpd> => {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    const args = ['-n', '-h', cupsd.server, '-o', 'document-format=application/octet-stream'];
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, NODE_OPTIONS: '', TMPDIR: temporary },
    });
    socket.on('error', () => child.kill());
    socket.once('close', () => sockets.delete(socket));
    child.stdin.on('error', () => {}); // It need not read everything.
    socket.pipe(child.stdin);
    child.stdout.pipe(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve());
  });
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as AddressInfo).port };
};
