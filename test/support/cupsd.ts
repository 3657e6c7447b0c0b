// A private cupsd on loopback, as a client's machine runs it; needs root, as cupsd does.

import { spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort, publicFolder, run, startProgram, type TestScope } from './peers.js';

export interface Cupsd {
  readonly port: number;
  /** For `-h` of lp, lpstat, lpadmin and for CUPS_SERVER. */
  readonly server: string;
  /** A queue that forwards to the device URI; without a model it passes the documents on as they are. */
  addPrinter(name: string, deviceUri: string, model?: string): Promise<void>;
  errorLog(): Promise<string>;
  stop(): Promise<void>;
}

export const cupsdNeeds = ['root', 'cupsd', 'lpadmin', 'lpstat', '/usr/lib/cups/backend/socket'] as const;

const own = ['root', 'cache', 'state', 'spool', 'log', 'ssl'];

const filesConf = (folder: string): string =>
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
    '',
  ].join('\n');

const cupsdConf = (port: number): string => `Listen 127.0.0.1:${port}
Browsing Off
LogLevel debug
DefaultAuthType None
WebInterface No
ServerAlias *
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

export const startCupsd = async (t: TestScope): Promise<Cupsd> => {
  const folder = await publicFolder(t, 'cupsd');
  const port = await freePort();
  const server = `127.0.0.1:${port}`;
  for (const name of own) await mkdir(path.join(folder, name));
  await writeFile(path.join(folder, 'files.conf'), filesConf(folder));
  await writeFile(path.join(folder, 'cupsd.conf'), cupsdConf(port));
  spawnSync('chown', ['-R', 'lp:lp', ...['cache', 'state', 'spool', 'log'].map((name) => path.join(folder, name))]);
  const args = ['-f', '-c', path.join(folder, 'cupsd.conf'), '-s', path.join(folder, 'files.conf')];
  const cupsd = await startProgram(t, 'cupsd', args, {
    isReady: async () => (await run('lpstat', ['-h', server, '-r'])).stdout.includes('is running'),
  });
  return {
    port,
    server,
    addPrinter: async (name, deviceUri, model) => {
      const withModel = model === undefined ? [] : ['-m', model];
      const { status, stderr } = await run('lpadmin', ['-h', server, '-p', name, '-E', '-v', deviceUri, ...withModel]);
      if (status !== 0) throw new Error(`lpadmin: ${stderr}`);
    },
    errorLog: () => readFile(path.join(folder, 'log', 'error'), 'utf8'),
    stop: () => cupsd.stop(),
  };
};
