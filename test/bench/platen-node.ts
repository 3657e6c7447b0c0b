// The built server in its own processes, on loopback, configured for one measurement.

import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProgram } from '../support/peers.js';
import { type Scope, workFolder } from './scope.js';

const platend = fileURLToPath(new URL('../../bin/platend.js', import.meta.url));

export const printerName = 'bench';

const configuration = (devicePort: number): string => `
groups:
  print:
    ipp: { port: 0, operatorsFrom: [127.0.0.0/8] }
    lpd: { ports: [0] }
    printers:
      ${printerName}: { device: 'socket://127.0.0.1:${devicePort}' }
admin: { port: 0 }
devicePorts: [${devicePort}]
limits: { maxUnfinishedJobs: 1000000 }
history: { keepHistoryCount: 1000000 }
log: { level: warn }
`;

export interface RunningServer {
  /** TCP port of IPP. */
  readonly port: number;
  /** The process that does the work. */
  readonly pid: number;
  stop(): Promise<void>;
}

export interface PlatenNode extends RunningServer {
  /** From exec to `ready`. */
  readonly startMs: number;
}

const childOf = async (pid: number): Promise<number> => {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return Number(children.trim().split(' ')[0]);
};

/** `state`: a state directory that is there already. `devicePort`: where the printer listens. */
export const startPlaten = async (
  scope: Scope,
  { state, devicePort = 9100 }: { state?: string; devicePort?: number } = {},
): Promise<PlatenNode> => {
  const folder = await workFolder(scope);
  const config = path.join(folder, 'platen.yaml');
  await writeFile(config, configuration(devicePort));
  const started = performance.now();
  let readyAt = 0;
  const args = [platend, '--config', config, '--state', state ?? path.join(folder, 'state')];
  const program = await startProgram(scope, process.execPath, args, {
    timeoutMs: 120_000,
    isReady: (output) => {
      if (!/^ready$/m.test(output)) return false;
      readyAt = performance.now();
      return true;
    },
  });
  const port = Number(/^ +ipp +127\.0\.0\.1:(\d+)$/m.exec(program.output())?.[1]);
  return { port, pid: await childOf(program.pid), startMs: readyAt - started, stop: () => program.stop() };
};

/** Octets of memory: now, or the most there ever were. */
export const memoryOf = async (pid: number, which: 'VmRSS' | 'VmHWM'): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${which}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
};

/** Seconds of processor time that a process has used. */
export const processorSeconds = async (pid: number): Promise<number> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // proc(5): utime and stime, in ticks of 10 ms.
  return (Number(fields[11]) + Number(fields[12])) / 100;
};
