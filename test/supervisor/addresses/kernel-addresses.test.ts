// One command after the other, and what becomes of those who wait; the commands are the test's own.

import t from 'tap';
import type { NewsOfAddress } from '../../../lib/cluster/watchdog.js';
import { silentLog } from '../../../lib/platform/log.js';
import { type Command, newBook } from '../../../lib/supervisor/addresses/address-book.js';
import { KernelAddresses } from '../../../lib/supervisor/addresses/kernel-addresses.js';
import type { Executed } from '../../../lib/supervisor/addresses/kernel-commands.js';
import { FakeClock, settle } from '../../support/fake-clock.js';

const [one, two] = ['192.0.2.1', '192.0.2.2'];

const lab = (puts = true) => {
  const clock = new FakeClock();
  const did: string[] = [];
  const kernel = new Set<string>();
  const spoken = new Set<string>();
  const news: NewsOfAddress[] = [];
  let foreign: (address: string, hardware: string) => void = () => {};
  /** How long each kind takes, and whether it works. */
  const behaviour = { tookMs: 1, fails: undefined as Command['do'] | undefined, left: [] as string[] };
  let running = 0;
  const seen = (ok = true): Executed => ({
    ok,
    present: new Set(kernel),
    left: behaviour.left,
    ...(ok ? {} : { error: 'it failed' }),
  });
  const execute = async (command: Command): Promise<Executed> => {
    did.push(command.do);
    running += 1;
    if (running > 1) throw new Error('two commands run at once');
    if (command.do === 'remove' && command.addresses.some((each) => spoken.has(each)))
      throw new Error('an address is announced while it is removed');
    await clock.sleep(behaviour.tookMs);
    running -= 1;
    if (behaviour.fails === command.do) return seen(false);
    const before = new Set(kernel);
    if (command.do === 'put') for (const each of command.addresses) kernel.add(each);
    if (command.do === 'remove') for (const each of command.addresses) kernel.delete(each);
    return command.do === 'remove' || command.do === 'look' ? seen() : { ok: true, before };
  };
  const addresses = new KernelAddresses({
    commands: {
      execute,
      tearDown: async () => {
        did.push('tear down');
      },
    },
    book: newBook({ puts, fences: true, time: 0 }),
    clock,
    log: silentLog,
    announcer: (onForeign) => {
      foreign = onForeign;
      return {
        start: (address) => void spoken.add(address),
        stop: async (all) => {
          for (const each of all) spoken.delete(each);
        },
      };
    },
    probe: async () => undefined,
  });
  addresses.onNews((each) => news.push(each));
  const renew = (): void => {
    const sentAt = clock.monotonic();
    addresses.renewed({ sentAt, deadline: sentAt + 1_800 });
  };
  return { clock, did, kernel, spoken, news, behaviour, addresses, renew, foreign: () => foreign };
};

type Lab = ReturnType<typeof lab>;

/** The promise's end, as words; `waiting` when it has none yet. */
const endOf = (promise: Promise<unknown>): (() => string) => {
  let end = 'waiting';
  promise.then(
    () => (end = 'done'),
    (error: Error) => (end = error.message),
  );
  return () => end;
};

const owner = async (these: Lab, ...all: readonly string[]): Promise<void> => {
  these.renew();
  const up = all.map((address) => endOf(these.addresses.up(address)));
  await these.clock.advance(20);
  for (const end of up) if (end() !== 'done') throw new Error(end());
};

t.test('an address is up when it is there, and announced from then on', async (t) => {
  const these = lab();
  await t.rejects(these.addresses.up(one), { message: 'no renewal is confirmed: no address may be here' });
  await owner(these, one, two);
  t.same([...these.kernel], [one, two]);
  t.same([...these.spoken], [one, two]);
});

t.test(
  'a removal waits for the refresh that runs, comes before the one that is due, and ends when the absence was seen',
  async (t) => {
    const these = lab();
    await owner(these, one, two);
    these.behaviour.tookMs = 50;
    these.renew();
    await these.clock.advance(10);
    const from = these.did.length - 1;
    t.equal(these.did[from], 'put', 'a refresh runs');
    const down = endOf(these.addresses.down(one));
    these.renew();
    await these.clock.advance(80);
    t.equal(down(), 'waiting');
    t.ok(these.kernel.has(one));
    await these.clock.advance(70);
    t.equal(down(), 'done');
    t.same(these.did.slice(from, from + 3), ['put', 'remove', 'fence']);
    t.same([...these.kernel], [two]);
    await these.clock.advance(1_000);
    t.same([...these.kernel], [two], 'no later refresh brings it back');
  },
);

t.test('what cannot be put is told with the reason', async (t) => {
  const these = lab();
  these.renew();
  these.behaviour.fails = 'put';
  const up = endOf(these.addresses.up(one));
  await these.clock.advance(20);
  t.equal(up(), 'it failed');
});

t.test('what cannot be removed is told, and tried again', async (t) => {
  const these = lab();
  await owner(these, one);
  these.behaviour.fails = 'remove';
  const down = endOf(these.addresses.down(one));
  const all = endOf(these.addresses.removeAll());
  await these.clock.advance(20);
  t.same([down(), all()], ['it failed', 'it failed']);
  these.behaviour.fails = undefined;
  await these.clock.advance(200);
  t.equal(these.kernel.size, 0);
});

t.test('all are gone only after a look that began later than the question', async (t) => {
  const these = lab();
  void these.addresses.prepare();
  await these.clock.advance(20);
  these.behaviour.tookMs = 100;
  await these.clock.advance(1_020);
  t.equal(these.did.at(-1), 'look', 'a look runs');
  const looks = these.did.length;
  const gone = endOf(these.addresses.removeAll());
  await these.clock.advance(90);
  t.equal(gone(), 'waiting');
  await these.clock.advance(120);
  t.equal(gone(), 'done');
  t.same(these.did.slice(looks), ['look']);
});

t.test('the end of a life ends what it waits for', async (t) => {
  const these = lab();
  these.renew();
  these.behaviour.tookMs = 500;
  const up = endOf(these.addresses.up(one));
  await these.clock.advance(10);
  const gone = endOf(these.addresses.removeAll());
  await settle();
  t.equal(up(), 'the life that asked for it is over');
  await these.clock.advance(5_000);
  t.equal(gone(), 'done');
  t.equal(these.kernel.size, 0);
});

t.test('an address that something else removed is put back within a second, announced anew, and told of', async (t) => {
  const these = lab();
  await owner(these, one);
  these.kernel.delete(one);
  for (let n = 0; n < 4; n += 1) {
    these.renew();
    await these.clock.advance(300);
  }
  t.ok(these.kernel.has(one));
  t.ok(these.spoken.has(one));
  these.foreign()(one, '02:00:00:00:00:01');
  t.same(
    these.news.map(({ address, code }) => `${address} ${code}`),
    [`${one} address-lost`, `${one} address-conflict`],
  );
});

t.test('what an earlier life left is removed before the node may own anything', async (t) => {
  const these = lab();
  these.kernel.add(two);
  these.behaviour.left = [two];
  const ready = endOf(these.addresses.prepare());
  await these.clock.advance(50);
  t.equal(ready(), 'done');
  t.equal(these.kernel.size, 0);
});

t.test('an orderly end leaves nothing in the kernel', async (t) => {
  const these = lab();
  await owner(these, one);
  const gone = endOf(these.addresses.removeAll());
  await these.clock.advance(20);
  t.equal(gone(), 'done');
  await these.addresses.close();
  t.equal(these.did.at(-1), 'tear down');
  await these.clock.advance(5_000);
  t.equal(these.did.at(-1), 'tear down', 'nothing is done any more');
});
