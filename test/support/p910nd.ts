// p910nd, the raw TCP print server of small routers: takes one connection at a time and copies it to a device file.
// Its lock files allow one for each of the ports 9100 to 9102 on a machine: whoever comes later waits.

import { randomInt } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { accepts, publicFolder, startProgram, type TestScope } from './peers.js';

export interface P910nd {
  readonly host: string;
  readonly port: number;
  readonly uri: string;
  /** All that came out at the device. */
  received(): Promise<Buffer>;
  stop(): Promise<void>;
}

export const p910ndNeeds = ['root', 'p910nd'] as const;

const patienceMs = 90_000;

export const startP910nd = async (t: TestScope): Promise<P910nd> => {
  const folder = await publicFolder(t, 'p910nd');
  const device = path.join(folder, 'device');
  await writeFile(device, '');
  await mkdir('/var/lock/p910nd', { recursive: true });
  const host = `127.${randomInt(1, 255)}.${randomInt(1, 255)}.${randomInt(1, 255)}`;
  const deadline = performance.now() + patienceMs;
  for (let attempt = 0; ; attempt += 1) {
    const number = attempt % 3;
    const port = 9100 + number;
    try {
      // Something that listens on every address of this machine.
      if (await accepts(port, host)) throw new Error(`TCP port ${port} is taken`);
      const program = await startProgram(t, 'p910nd', ['-d', '-f', device, '-i', host, String(number)], {
        isReady: () => accepts(port, host),
      });
      const received = (): Promise<Buffer> => readFile(device);
      return { host, port, uri: `socket://${host}:${port}`, received, stop: () => program.stop() };
    } catch (error) {
      if (performance.now() > deadline) throw error;
      if (number === 2) await delay(250);
    }
  }
};
