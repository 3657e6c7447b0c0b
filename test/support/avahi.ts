// An avahi-daemon of its own for each host on a link, and what it finds there.

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { busConfig } from './ippeveprinter.js';
import type { LinkHost } from './link.js';
import { publicFolder, run, type RunningProgram, startProgram, type TestScope } from './peers.js';

export const avahiNeeds = ['dbus-daemon', 'avahi-daemon', 'avahi-resolve-host-name', 'unshare'] as const;

export interface Avahi extends RunningProgram {
  /** The address that it finds for a name within five seconds. */
  resolve(name: string, family: 4 | 6): Promise<string | undefined>;
}

const config = (hostName: string): string => `[server]
host-name=${hostName}
use-ipv4=yes
use-ipv6=yes
allow-interfaces=eth0
ratelimit-interval-usec=1000000
ratelimit-burst=1000
[publish]
publish-workstation=no
publish-hinfo=no
`;

export const startAvahi = async (t: TestScope, host: LinkHost, hostName: string): Promise<Avahi> => {
  const folder = await publicFolder(t, 'avahi');
  const bus = path.join(folder, 'bus');
  await mkdir(path.join(folder, 'run'));
  await writeFile(path.join(folder, 'bus.conf'), busConfig(bus));
  await writeFile(path.join(folder, 'avahi.conf'), config(hostName));
  const env = { DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${bus}` };
  const busArgs = [`--config-file=${path.join(folder, 'bus.conf')}`, '--nofork', '--nopidfile', '--print-address'];
  await startProgram(t, 'dbus-daemon', busArgs, { isReady: (output) => output.includes('unix:path=') });
  // Where it keeps its number and its socket is compiled in: each has a /run of its own.
  const begin = 'mount -t tmpfs none /run && mkdir /run/avahi-daemon && exec "$0" "$@"';
  const daemon = [
    'avahi-daemon',
    '-f',
    path.join(folder, 'avahi.conf'),
    '--no-drop-root',
    '--no-rlimits',
    '--no-chroot',
  ];
  const args = [...host.enter.slice(1), 'unshare', '--mount', 'sh', '-c', begin, ...daemon];
  const program = await startProgram(t, 'ip', args, {
    env,
    isReady: (output) => output.includes('Server startup complete'),
  });
  return {
    ...program,
    resolve: async (name, family) => {
      const { stdout } = await run('avahi-resolve-host-name', [`-${family}`, name], { env });
      return stdout.trim().split('\t')[1];
    },
  };
};
