// What a supervisor does about addresses, alone in a process: node address-holder-main.js BACK-END FENCING. One line of JSON in, one out. Renewals are
// confirmed every 300 ms, at once, until `renew` says otherwise.

import { createInterface } from 'node:readline';
import { machineClock } from '../../lib/platform/clock.js';
import { silentLog } from '../../lib/platform/log.js';
import { openAddresses } from '../../lib/supervisor/addresses/open-addresses.js';
import { dev } from './hosts.js';

export type HolderOrder =
  | { readonly do: 'up' | 'down' | 'close' | 'reopen' | 'probe'; readonly address: string }
  | { readonly do: 'prepare' | 'remove-all' | 'end' }
  | { readonly do: 'renew'; readonly isOn: boolean };

export type HolderWord =
  | { readonly kind: 'done'; readonly said?: string }
  | { readonly kind: 'failed'; readonly said: string }
  | { readonly kind: 'news'; readonly said: string };

const [backEnd, fencing] = process.argv.slice(2) as ['linux' | 'none', 'hard' | 'soft'];
const addresses = openAddresses({
  node: 'one',
  cluster: { backEnd, fencing, ...(backEnd === 'linux' ? { interface: dev } : {}) },
  devicePorts: [],
  clock: machineClock,
  log: silentLog,
});
const say = (word: HolderWord): void => void process.stdout.write(`${JSON.stringify(word)}\n`);
addresses.onNews(({ address, code }) => say({ kind: 'news', said: `${code} ${address}` }));

let renews = true;
const renew = (): void => {
  const sentAt = machineClock.monotonic();
  if (renews) addresses.renewed({ sentAt, deadline: sentAt + 1_800 });
};
setInterval(renew, 300);

const obey = async (order: HolderOrder): Promise<string | undefined> => {
  switch (order.do) {
    case 'prepare': {
      const hindrance = await addresses.prepare();
      renew();
      return hindrance;
    }
    case 'up':
      await addresses.up(order.address);
      return undefined;
    case 'down':
      await addresses.down(order.address);
      return undefined;
    case 'close':
    case 'reopen':
      await addresses.setClosing(order.address, order.do === 'close');
      return undefined;
    case 'probe':
      return addresses.probe(order.address);
    case 'renew':
      renews = order.isOn;
      return undefined;
    case 'remove-all':
      renews = false;
      await addresses.removeAll();
      return undefined;
    case 'end':
      await addresses.removeAll();
      await addresses.close();
      return undefined;
    default:
      return order satisfies never;
  }
};

createInterface({ input: process.stdin }).on('line', (line) => {
  obey(JSON.parse(line) as HolderOrder).then(
    (said) => say({ kind: 'done', ...(said === undefined ? {} : { said }) }),
    (error: Error) => say({ kind: 'failed', said: error.message }),
  );
});
