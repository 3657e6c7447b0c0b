// BIND with zones that take signed updates, on a port of its own; never the machine's service.

import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort, publicFolder, run, startProgram, type TestScope } from './peers.js';

export const bindNeeds = ['named', 'dig'] as const;

export interface Bind {
  readonly port: number;
  /** A file that holds this key's secret, as nodes have it. */
  secretFile(name: string): Promise<string>;
  /** What `dig +short` says, a line for each record. */
  dig(name: string, type: string): Promise<readonly string[]>;
  /** All that it wrote so far; each change of a zone among it. */
  output(): string;
  stop(): Promise<void>;
}

/** `platen` may write in each, but not names that begin with `reserved`; `other` may write nowhere. */
const secrets: Readonly<Record<string, string>> = {
  platen: Buffer.alloc(32, 'a good secret').toString('base64'),
  other: Buffer.alloc(32, 'other people').toString('base64'),
};

const zones = ['example.com', 'example'] as const;

const config = (folder: string, port: number): string => `
options {
  directory "${folder}";
  pid-file none;
  session-keyfile none;
  managed-keys-directory "${folder}";
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  recursion no;
  dnssec-validation no;
  notify no;
};
controls {};
${Object.entries(secrets)
  .map(([name, secret]) => `key "${name}" { algorithm hmac-sha256; secret "${secret}"; };`)
  .join('\n')}
${zones
  .map(
    (name) => `zone "${name}" {
  type primary;
  file "${folder}/${name}.zone";
  update-policy { deny platen subdomain reserved.${name}; grant platen zonesub A AAAA; };
};`,
  )
  .join('\n')}
`;

const zone = `$TTL 60
@ SOA ns admin 1 3600 600 86400 60
@ NS ns
ns A 127.0.0.1
sales A 192.0.2.99
sales TXT "stays"
`;

export const startBind = async (t: TestScope): Promise<Bind> => {
  const folder = await publicFolder(t, 'bind');
  await chmod(folder, 0o777);
  const port = await freePort();
  await writeFile(path.join(folder, 'named.conf'), config(folder, port));
  for (const name of zones) await writeFile(path.join(folder, `${name}.zone`), zone, { mode: 0o666 });
  const args = ['-g', '-c', path.join(folder, 'named.conf'), '-p', String(port), '-n', '1'];
  const named = await startProgram(t, 'named', args, { isReady: (output) => / running\n/.test(output) });
  return {
    port,
    secretFile: async (name) => {
      const file = path.join(folder, `${name}.secret`);
      await writeFile(file, `${secrets[name] ?? Buffer.alloc(32).toString('base64')}\n`, { mode: 0o600 });
      return file;
    },
    dig: async (name, type) => {
      const { stdout } = await run('dig', ['+short', '+tries=1', '-p', String(port), '@127.0.0.1', name, type]);
      return stdout.split('\n').filter(Boolean).toSorted();
    },
    output: () => named.output(),
    stop: () => named.stop(),
  };
};
