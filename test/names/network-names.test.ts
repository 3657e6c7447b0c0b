// When names are published and withdrawn. Zones' servers are told what to say; multicast DNS itself is tried in test/peers/.

import t, { type Test } from 'tap';
import { type NetworkNamesParts, NetworkNames, type Publication } from '../../lib/names/network-names.js';
import type { Wish, Zone } from '../../lib/names/zone-update.js';
import { silentLog } from '../../lib/platform/log.js';
import { FakeClock, settle } from '../support/fake-clock.js';

const zoneAt = (zone: string): Zone => ({
  zone,
  server: { address: '192.0.2.53', port: 53 },
  key: { name: 'platen', algorithm: 'hmac-sha256', secretFile: '/nowhere' },
});

const sales: Publication = {
  group: 'sales',
  resource: 'name',
  names: ['print.example.com', 'old.example.com', 'elsewhere.org', 'bare'],
  addresses: ['127.0.0.7'],
  ways: ['multicast', 'dns'],
};

const made = (t: Test, parts: Partial<NetworkNamesParts> = {}) => {
  const clock = new FakeClock();
  const seen = {
    updates: [] as (Wish & { readonly zone: string })[],
    events: [] as string[],
    reads: [] as string[],
    /** What the servers answer; empty: success. */
    refusal: '',
  };
  const names = new NetworkNames({
    clock,
    log: silentLog,
    zones: [zoneAt('com'), zoneAt('example.com')],
    known: {
      has: async (_, name) => {
        seen.reads.push(name);
        return false;
      },
      remember: async () => {},
      forget: async () => {},
    },
    note: (code, { group, text }) => void seen.events.push(`${code} ${group}: ${text}`),
    update: async ({ zone }, wish, { signal }) => {
      if (signal.aborted) throw new Error('too late');
      seen.updates.push({ ...wish, zone });
      if (seen.refusal !== '') throw new Error(seen.refusal);
    },
    ...parts,
  });
  t.teardown(() => names.stop());
  return { names, clock, seen, signal: new AbortController().signal };
};

t.test('each name goes to the innermost zone that holds it, with all addresses', async (t) => {
  const { names, seen, signal } = made(t);
  await names.publish(sales, signal);
  await settle();
  const { addresses } = sales;
  t.strictSame(seen.updates, [
    { zone: 'example.com', name: 'print.example.com', addresses, there: true },
    { zone: 'example.com', name: 'old.example.com', addresses, there: true },
  ]);
  t.equal(names.trouble(sales), undefined);
  t.strictSame(seen.events, []);
});

t.test('on loopback nothing is multicast, and nothing is asked for it', async (t) => {
  const { names, seen, signal } = made(t, {
    interfaces: () => {
      throw new Error('no interface is looked at');
    },
  });
  await names.publish({ ...sales, names: ['bare', 'sales.local'], addresses: ['127.0.0.7', '::1'] }, signal);
  await settle();
  t.equal(names.trouble(sales), undefined);
  t.strictSame(seen.reads, []);
  t.notOk(
    process.getActiveResourcesInfo().some((name) => name.includes('UDP')),
    'there is no socket',
  );
});

t.test('a group says where its names are published', async (t) => {
  const { names, seen, signal } = made(t, { interfaces: () => ({}) });
  await names.publish({ ...sales, addresses: ['192.0.2.7'], ways: ['multicast'] }, signal);
  t.match(names.trouble(sales), /^bare\.local is not published: no interface has 192\.0\.2\.7$/);
  await names.publish({ ...sales, addresses: ['192.0.2.7'], ways: [] }, signal);
  await settle();
  t.strictSame(seen.updates, []);
  t.equal(names.trouble(sales), undefined);
});

t.test(
  'a server that refuses keeps nobody waiting, is asked again for ever, ever less often, and told of once',
  async (t) => {
    const { names, clock, seen, signal } = made(t);
    seen.refusal = 'REFUSED';
    const one = { ...sales, names: ['print.example.com'] };
    await names.publish(one, signal);
    await settle();
    const text = 'print.example.com is not in zone example.com at 192.0.2.53 port 53: REFUSED';
    t.equal(names.trouble(one), text);
    await clock.advance(1_000 + 2_000 + 4_000);
    t.equal(seen.updates.length, 4);
    await clock.advance(86_400_000);
    t.ok(seen.updates.length > 280 && seen.updates.length < 310, `${seen.updates.length} tries in a day`);
    t.strictSame(seen.events, [`name-unpublished sales: ${text}`]);
    seen.refusal = '';
    await clock.advance(300_000);
    t.equal(names.trouble(one), undefined);
    t.strictSame(seen.events.slice(1), ['name-published sales: print.example.com']);
    const count = seen.updates.length;
    await clock.advance(86_400_000);
    t.equal(seen.updates.length, count, 'what was taken is not written again');
  },
);

t.test('a move takes nothing out, and ends what was not done yet', async (t) => {
  const { names, clock, seen, signal } = made(t);
  seen.refusal = 'SERVFAIL';
  await names.publish(sales, signal);
  await settle();
  await names.withdraw(sales, { forGood: false });
  const count = seen.updates.length;
  await clock.advance(3_600_000);
  t.equal(seen.updates.length, count);
  t.ok(seen.updates.every(({ there }) => there));
});

t.test('what is not wanted any more is taken out, in the background', async (t) => {
  const { names, clock, seen, signal } = made(t);
  await names.publish(sales, signal);
  await settle();
  seen.refusal = 'SERVFAIL';
  await names.withdraw(sales, { forGood: true });
  await clock.advance(2_000);
  seen.refusal = '';
  await clock.advance(2_000);
  t.strictSame(
    seen.updates.slice(-2).map(({ name, there }) => [name, there]),
    [
      ['print.example.com', false],
      ['old.example.com', false],
    ],
  );
  t.strictSame(seen.events, []);
});

t.test('names and ways that operators change follow at once', async (t) => {
  const { names, seen, signal } = made(t);
  await names.change(sales);
  t.strictSame(seen.updates, [], 'what is not published is not changed');
  await names.publish(sales, signal);
  await settle();
  const written = () => seen.updates.splice(0).map(({ name, there }) => `${there ? '+' : '-'}${name}`);
  written();
  await names.change({ ...sales, names: ['print.example.com', 'new.example.com'] });
  await settle();
  t.strictSame(written().toSorted(), ['+new.example.com', '-old.example.com']);
  await names.change({ ...sales, names: ['print.example.com', 'new.example.com'] });
  await settle();
  t.strictSame(written(), []);
  await names.change({ ...sales, names: ['print.example.com'], ways: ['multicast'] });
  await settle();
  t.strictSame(written().toSorted(), ['-new.example.com', '-print.example.com']);
  await names.change({ ...sales, names: ['print.example.com'] });
  await settle();
  t.strictSame(written(), ['+print.example.com']);
});

t.test('a removal that fails is given up, and said', async (t) => {
  const { names, clock, seen, signal } = made(t);
  const one = { ...sales, names: ['print.example.com'] };
  await names.publish(one, signal);
  await settle();
  seen.refusal = 'SERVFAIL';
  await names.withdraw(one, { forGood: true });
  await clock.advance(60_000);
  t.match(seen.events, [
    /^name-unpublished sales: print\.example\.com is not out of zone .*SERVFAIL; remove it by hand$/,
  ]);
  const count = seen.updates.length;
  await clock.advance(3_600_000);
  t.equal(seen.updates.length, count);
});

t.test('a name that is published anew waits for its own removal', async (t) => {
  const { names, clock, seen, signal } = made(t);
  const one = { ...sales, names: ['print.example.com'] };
  await names.publish(one, signal);
  await settle();
  seen.refusal = 'SERVFAIL';
  await names.withdraw(one, { forGood: true });
  await settle();
  await names.publish(one, signal);
  seen.refusal = '';
  await clock.advance(30_000);
  t.strictSame(
    seen.updates.map(({ there }) => there),
    [true, false, false, true],
  );
});
