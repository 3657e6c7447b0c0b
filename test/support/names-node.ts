// A node that publishes names, as a process on a host of a link.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Publication } from '../../lib/names/network-names.js';
import type { LinkHost } from './link.js';
import type { NamesCommand } from './names-main.js';
import type { TestScope } from './peers.js';

export interface NamesAnswer {
  readonly ms?: number;
  readonly trouble?: string | null;
  readonly error?: string;
}

export interface NamesNode {
  /** Of the kinds `name-…`, as they came, and names that became known. */
  readonly events: readonly { readonly code?: string; readonly text?: string; readonly known?: string }[];
  publish(what?: Partial<Publication>): Promise<NamesAnswer>;
  withdraw(options: { readonly forGood: boolean }): Promise<NamesAnswer>;
  trouble(): Promise<string | null | undefined>;
  /** As if its power failed. */
  kill(): Promise<void>;
}

/** `known`: names that the cluster had before. */
export const startNamesNode = (t: TestScope, host: LinkHost, known: readonly string[] = []): NamesNode => {
  const [command = '', ...enter] = host.enter;
  const main = path.join(import.meta.dirname, 'names-main.js');
  const child = spawn(command, [...enter, process.execPath, main, JSON.stringify(known)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const events: NamesNode['events'][number][] = [];
  const waiting: ((answer: NamesAnswer) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const what = JSON.parse(line) as NamesAnswer & NamesNode['events'][number] & { done?: string };
    if (what.done === undefined) events.push(what);
    else waiting.shift()?.(what);
  });
  const ask = (ask: NamesCommand): Promise<NamesAnswer> =>
    new Promise((resolve) => {
      waiting.push(resolve);
      child.stdin.write(`${JSON.stringify(ask)}\n`);
    });
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  t.teardown(kill);
  const of = { group: 'sales', resource: 'name' };
  return {
    events,
    publish: (what) => ask({ do: 'publish', ...of, names: ['sales'], addresses: [], ways: ['multicast'], ...what }),
    withdraw: (options) => ask({ do: 'withdraw', ...of, ...options }),
    trouble: async () => (await ask({ do: 'trouble', ...of, forGood: false })).trouble,
    kill,
  };
};
