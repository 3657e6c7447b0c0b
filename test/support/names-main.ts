// Publishes names as one node of a cluster does, in whatever network namespace it is started: commands come in as lines of JSON, and what happens
// goes out so.

import { createInterface } from 'node:readline';
import { type Publication, NetworkNames } from '../../lib/names/network-names.js';
import { systemClock } from '../../lib/platform/clock.js';
import { silentLog } from '../../lib/platform/log.js';

export type NamesCommand =
  | ({ readonly do: 'publish' } & Publication)
  | {
      readonly do: 'withdraw' | 'trouble';
      readonly group: string;
      readonly resource: string;
      readonly forGood: boolean;
    };

const say = (what: object): void => void process.stdout.write(`${JSON.stringify(what)}\n`);
const known = new Set<string>(JSON.parse(process.argv[2] ?? '[]') as string[]);

const names = new NetworkNames({
  clock: systemClock,
  log: silentLog,
  zones: [],
  known: {
    has: async (_, name) => known.has(name),
    remember: async (_, name) => {
      known.add(name);
      say({ known: name });
    },
    forget: async (_, name) => void known.delete(name),
  },
  note: (code, { text }) => say({ code, text }),
});

const obey = async (command: NamesCommand): Promise<object> => {
  const start = performance.now();
  try {
    if (command.do === 'publish') await names.publish(command, new AbortController().signal);
    if (command.do === 'withdraw') await names.withdraw(command, command);
    return { done: command.do, ms: performance.now() - start, trouble: names.trouble(command) ?? null };
  } catch (error) {
    return { done: command.do, error: (error as Error).message };
  }
};

for await (const line of createInterface({ input: process.stdin })) say(await obey(JSON.parse(line) as NamesCommand));
await names.stop();
