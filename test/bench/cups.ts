// The peer: a private cupsd on loopback, without limits and logs, as fast as it goes. Where it is to be durable, it syncs what it writes
// and writes a job's record at once, not half a minute later; it never syncs documents.

import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cupsdNeeds } from '../support/cupsd.js';
import { freePort, publicFolder, run, skipWithout, startProgram } from '../support/peers.js';
import { printerName, type RunningServer } from './platen-node.js';
import type { Scope } from './scope.js';

/** Why there is no peer on this machine; undefined where there is one. */
export const whyNoCups = (): string | undefined => skipWithout(...cupsdNeeds).skip;

const filesConf = (folder: string, durable: boolean): string =>
  [
    `ServerRoot ${folder}/root`,
    `CacheDir ${folder}/cache`,
    `StateDir ${folder}/state`,
    `RequestRoot ${folder}/spool`,
    `AccessLog ${folder}/log/access`,
    `ErrorLog ${folder}/log/error`,
    `PageLog ${folder}/log/page`,
    `ServerKeychain ${folder}/ssl`,
    'ServerBin /usr/lib/cups',
    'DataDir /usr/share/cups',
    'DocumentRoot /usr/share/cups/doc-root',
    'SystemGroup root',
    'User lp',
    'Group lp',
    `SyncOnClose ${durable ? 'Yes' : 'No'}`,
    '',
  ].join('\n');

const cupsdConf = (port: number, durable: boolean): string => `Listen 127.0.0.1:${port}
Browsing Off
LogLevel none
AccessLogLevel actions
DefaultAuthType None
WebInterface No
ServerAlias *
MaxClients 200
MaxClientsPerHost 200
MaxJobs 0
MaxLogSize 0
DirtyCleanInterval ${durable ? 0 : 30}
<Location />
Order allow,deny
Allow all
</Location>
<Policy default>
JobPrivateAccess all
JobPrivateValues none
<Limit All>
Order allow,deny
Allow all
</Limit>
</Policy>
`;

/** `durable`: with SyncOnClose. `devicePort`: where the printer listens. */
export const startCups = async (
  scope: Scope,
  { durable = true, devicePort = 9100 }: { durable?: boolean; devicePort?: number } = {},
): Promise<RunningServer> => {
  const folder = await publicFolder(scope, 'bench-cups');
  const port = await freePort();
  const server = `127.0.0.1:${port}`;
  for (const name of ['root', 'cache', 'state', 'spool', 'log', 'ssl']) await mkdir(path.join(folder, name));
  await writeFile(path.join(folder, 'files.conf'), filesConf(folder, durable));
  await writeFile(path.join(folder, 'cupsd.conf'), cupsdConf(port, durable));
  spawnSync('chown', ['-R', 'lp:lp', ...['cache', 'state', 'spool', 'log'].map((name) => path.join(folder, name))]);
  const args = ['-f', '-c', path.join(folder, 'cupsd.conf'), '-s', path.join(folder, 'files.conf')];
  const program = await startProgram(scope, 'cupsd', args, {
    isReady: async () => (await run('lpstat', ['-h', server, '-r'])).stdout.includes('is running'),
  });
  const device = `socket://127.0.0.1:${devicePort}`;
  const made = await run('lpadmin', ['-h', server, '-p', printerName, '-E', '-v', device]);
  if (made.status !== 0) throw new Error(`lpadmin: ${made.stderr}`);
  return { port, pid: program.pid, stop: () => program.stop() };
};
