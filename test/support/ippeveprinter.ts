// CUPS' own IPP Everywhere printer. It will not run without D-Bus and Avahi, so both are started for it, on loopback, for it alone.
// Avahi runs once on a machine: whoever comes second waits.

import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { accepts, freePort, publicFolder, startProgram, type RunningProgram, type TestScope } from './peers.js';

export interface IppEvePrinter {
  readonly port: number;
  /** Also reachable as ipps. */
  readonly uri: string;
  /** Documents of its jobs, in the order of the jobs. */
  documents(): Promise<readonly Buffer[]>;
  output(): string;
  stop(): Promise<void>;
}

export const ippEvePrinterNeeds = ['root', 'ippeveprinter', 'dbus-daemon', 'avahi-daemon'] as const;

export const busConfig = (socket: string): string => `<!DOCTYPE busconfig PUBLIC
 "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
`;

const avahiConfig = `[server]
host-name=platen-test
use-ipv4=yes
use-ipv6=no
allow-interfaces=lo
[publish]
publish-workstation=no
`;

const patienceMs = 90_000;

const startAvahi = async (t: TestScope, file: string, env: Record<string, string>): Promise<RunningProgram> => {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      return await startProgram(t, 'avahi-daemon', ['-f', file, '--no-drop-root', '--no-rlimits', '--no-chroot'], {
        env,
        isReady: (output) => output.includes('Server startup complete'),
      });
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(250);
    }
  }
};

export interface IppEvePrinterOptions {
  /** Media types it takes; default: PDF, JPEG, PWG raster and octet-stream. */
  readonly formats?: readonly string[];
}

export const startIppEvePrinter = async (
  t: TestScope,
  {
    formats = ['application/pdf', 'image/jpeg', 'image/pwg-raster', 'application/octet-stream'],
  }: IppEvePrinterOptions = {},
): Promise<IppEvePrinter> => {
  const folder = await publicFolder(t, 'ippeve');
  const bus = path.join(folder, 'bus');
  const spool = path.join(folder, 'spool');
  await mkdir(spool);
  await writeFile(path.join(folder, 'bus.conf'), busConfig(bus));
  await writeFile(path.join(folder, 'avahi.conf'), avahiConfig);
  const env = { DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${bus}` };
  const busArgs = [`--config-file=${path.join(folder, 'bus.conf')}`, '--nofork', '--nopidfile', '--print-address'];
  const dbus = await startProgram(t, 'dbus-daemon', busArgs, { isReady: (output) => output.includes('unix:path=') });
  const avahi = await startAvahi(t, path.join(folder, 'avahi.conf'), env);
  const port = await freePort();
  const args = [
    '-r',
    'off',
    '-n',
    'localhost',
    '-p',
    String(port),
    '-d',
    spool,
    '-k',
    '-v',
    '-f',
    formats.join(','),
    'Test',
  ];
  const printer = await startProgram(t, 'ippeveprinter', args, { env, isReady: () => accepts(port) });
  return {
    port,
    uri: `ipp://localhost:${port}/ipp/print`,
    documents: async () => {
      const jobOf = (name: string): number => Number(/^\d+/.exec(name)?.[0] ?? 0);
      const files = (await readdir(spool)).filter((name) => /^\d+-/.test(name));
      return Promise.all(files.sort((a, b) => jobOf(a) - jobOf(b)).map((name) => readFile(path.join(spool, name))));
    },
    output: () => printer.output(),
    stop: async () => {
      await printer.stop();
      await avahi.stop();
      await dbus.stop();
    },
  };
};
