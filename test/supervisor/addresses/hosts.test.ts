// Addresses on a real interface, with `ip`, `nft` and `arping` as they are, seen by the kernel and by a neighbour.

import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { AddressHolder, startHolder } from '../../support/address-holder.js';
import { until } from '../../support/etcd.js';
import { dev, hostNeeds, startHosts, type Host } from '../../support/hosts.js';
import { skipWithout } from '../../support/peers.js';

const [one, two, six] = ['10.77.0.101', '10.77.0.102', 'fd77::101'];
const support = (name: string): string => path.join(import.meta.dirname, '../../support', name);

const addressesOf = async (host: Host): Promise<readonly string[]> => {
  const { stdout } = await host.run('ip', '-json', 'address', 'show', 'dev', dev);
  const links = JSON.parse(stdout) as { addr_info: { local: string }[] }[];
  return links.flatMap(({ addr_info: infos }) => infos.map(({ local }) => local));
};

/** What the kernel did to addresses, with its time in ms. */
const kernelLog = (host: Host) => {
  const lines = host.watch('ip', '-tshort', 'monitor', 'address');
  return (address: string): { readonly at: number; readonly isDeleted: boolean }[] =>
    lines
      .filter((line) => line.includes(` ${address}/`))
      .map((line) => ({ at: Date.parse(`${/\[([^\]]+)\]/.exec(line)?.[1]}Z`), isDeleted: line.includes('Deleted') }));
};

/** Counts packets from the addresses at a host. */
const countPackets = async (host: Host): Promise<() => Promise<number>> => {
  await host.run('nft', 'add table inet seen');
  await host.run('nft', 'add chain inet seen input { type filter hook input priority -300 ; }');
  await host.run('nft', `add rule inet seen input ip saddr { ${one}, ${two} } counter`);
  await host.run('nft', `add rule inet seen input ip6 saddr ${six} counter`);
  return async () => {
    const { stdout } = await host.run('nft', 'list', 'table', 'inet', 'seen');
    return [...stdout.matchAll(/counter packets (\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
  };
};

const saidBy = (lines: readonly string[], word: string): Promise<void> =>
  until(
    async () => lines.includes(word),
    () => `${word}: ${lines.join(', ')}`,
  );

const connects = async (from: Host, address: string, port: number): Promise<boolean> =>
  (await from.run('timeout', '0.4', 'bash', '-c', `exec 3<>/dev/tcp/${address}/${port}`)).status === 0;

/** `a` sends from the address to a slow reader at `b`. */
const stream = async ({ a, b }: { a: Host; b: Host }, local: string, port = 9_100): Promise<void> => {
  const host = local.includes(':') ? b.six : b.four;
  const sink = b.watch(process.execPath, support('stream-sink.js'), host, String(port));
  await saidBy(sink, 'listens');
  await saidBy(a.watch(process.execPath, support('stream-source.js'), host, String(port), local), 'connected');
};

t.test('on hosts of their own', skipWithout(...hostNeeds), async (t: Test) => {
  t.test(
    'a supervisor that stands still loses all its addresses together, within 2.51 s of the last refresh',
    async (t) => {
      const { a } = await startHosts(t, 'a', 'b');
      const log = kernelLog(a);
      const holder = await startHolder(a);
      for (const address of [one, two, six]) await holder.order({ do: 'up', address });
      await pause(1_000);
      holder.signal('SIGSTOP');
      await until(
        async () => [one, two, six].every((address) => log(address).at(-1)?.isDeleted === true),
        () => 'all are gone',
      );
      const ends = [one, two, six].map((address) => {
        const [last, gone] = log(address).slice(-2);
        const after = (gone?.at ?? 0) - (last?.at ?? 0);
        t.ok(after >= 990 && after <= 2_520, `${address} went after ${after} ms`);
        return gone?.at ?? 0;
      });
      t.ok(Math.max(...ends) - Math.min(...ends) < 50, 'together');
    },
  );

  t.test(
    'an address that was taken down is gone when that is said, and later renewals do not bring it back',
    async (t) => {
      const { a } = await startHosts(t, 'a', 'b');
      const holder = await startHolder(a);
      for (const address of [one, six]) await holder.order({ do: 'up', address });
      t.ok((await addressesOf(a)).includes(one));
      for (const address of [one, six]) {
        await holder.order({ do: 'down', address });
        t.notOk((await addressesOf(a)).includes(address));
      }
      const log = kernelLog(a);
      await pause(1_000);
      t.same([...log(one), ...log(six)], []);
    },
  );

  t.test('at the end of a life nothing is left, and nothing can be put before the next renewal', async (t) => {
    const { a } = await startHosts(t, 'a', 'b');
    const holder = await startHolder(a);
    for (const address of [one, two, six]) await holder.order({ do: 'up', address });
    await holder.order({ do: 'remove-all' });
    t.same(
      (await addressesOf(a)).filter((address) => [one, two, six].includes(address)),
      [],
    );
    await t.rejects(holder.order({ do: 'up', address: one }), { message: /no renewal is confirmed/ });
    await holder.order({ do: 'end' });
    t.equal((await a.run('nft', 'list', 'ruleset')).stdout, '', 'no table is left');
  });

  t.test('what an earlier life left is removed; addresses of others stay', async (t) => {
    const { a } = await startHosts(t, 'a', 'b');
    await a.run('ip', 'address', 'add', `${one}/32`, 'dev', dev, 'valid_lft', '2', 'preferred_lft', '0');
    await a.run('ip', 'address', 'add', `${two}/32`, 'dev', dev);
    await startHolder(a);
    const left = await addressesOf(a);
    t.notOk(left.includes(one));
    t.ok(left.includes(two) && left.includes(a.four) && left.includes(a.six));
  });

  t.test('an address that somebody removes is put back, and told of', async (t) => {
    const { a } = await startHosts(t, 'a', 'b');
    const holder = await startHolder(a);
    await holder.order({ do: 'up', address: one });
    await a.run('ip', 'address', 'del', `${one}/32`, 'dev', dev);
    await until(
      async () => holder.news.length > 0,
      () => 'it is told',
    );
    t.same(holder.news, [`address-lost ${one}`]);
    await until(
      async () => (await addressesOf(a)).includes(one),
      () => 'it is back',
    );
  });

  t.test(
    'a neighbour hears of the address five times in two seconds, and answers to a question',
    skipWithout('tcpdump'),
    async (t) => {
      const { a, b } = await startHosts(t, 'a', 'b');
      const heard = b.watch('tcpdump', '-l', '-n', '-tt', '-i', dev, `arp or (icmp6 and ip6[40] = 136)`);
      const holder = await startHolder(a);
      t.equal(await holder.order({ do: 'probe', address: b.four }), b.hardware);
      t.equal(await holder.order({ do: 'probe', address: b.six }), b.hardware);
      t.equal(await holder.order({ do: 'probe', address: one }), undefined);
      t.equal(await holder.order({ do: 'probe', address: six }), undefined);
      for (const address of [one, six]) await holder.order({ do: 'up', address });
      const times = (address: string): number[] =>
        heard
          .filter((line) => new RegExp(`Reply ${address} is-at|tell ${address},|tgt is ${address},`).test(line))
          .map((line) => Number(line.split(' ')[0]) * 1_000);
      await until(
        async () => times(one).length >= 5 && times(six).length >= 5,
        () => `five of each: ${heard.join('\n')}`,
      );
      for (const address of [one, six]) {
        const [first = 0, ...later] = times(address);
        const gaps = later.slice(0, 4).map((at) => Math.round(at - first));
        t.ok(
          [200, 500, 1_000, 2_000].every((due, index) => Math.abs((gaps[index] ?? 0) - due) < 150),
          `${address} at 0, ${gaps.join(', ')} ms`,
        );
      }
    },
  );

  for (const address of [one, six])
    t.test(`no octet leaves from ${address} once it is gone, those in the kernel's buffers neither`, async (t) => {
      const { a, b } = await startHosts(t, 'a', 'b');
      const packets = await countPackets(b);
      const holder = await startHolder(a);
      await holder.order({ do: 'up', address });
      await stream({ a, b }, address);
      await pause(300);
      t.ok((await packets()) > 5);
      await holder.order({ do: 'down', address });
      const before = await packets();
      await pause(1_500);
      t.equal(await packets(), before);
    });

  t.test(
    'a supervisor that stands still: no octet leaves after its deadline, although the address is still there',
    async (t) => {
      const { a, b } = await startHosts(t, 'a', 'b');
      const packets = await countPackets(b);
      const holder = await startHolder(a);
      await holder.order({ do: 'up', address: one });
      await stream({ a, b }, one);
      holder.signal('SIGSTOP');
      await pause(1_850);
      const before = await packets();
      await pause(1_000);
      t.equal(await packets(), before);
    },
  );

  t.test('an address that closes answers no new connection, refuses none, and keeps those that stand', async (t) => {
    const { a, b } = await startHosts(t, 'a', 'b');
    const holder = await startHolder(a);
    for (const address of [one, six]) await holder.order({ do: 'up', address });
    for (const address of [one, six]) {
      await saidBy(a.watch(process.execPath, support('stream-sink.js'), address, '8631'), 'listens');
      t.ok(await connects(b, address, 8_631));
      await holder.order({ do: 'close', address });
      const refused = await b.run('timeout', '0.4', 'bash', '-c', `exec 3<>/dev/tcp/${address}/8631`);
      t.equal(refused.status, 124, 'nobody answers');
      await holder.order({ do: 'reopen', address });
      t.ok(await connects(b, address, 8_631));
    }
  });

  t.test('a listener can be there before its address', async (t) => {
    const { a } = await startHosts(t, 'a', 'b');
    await startHolder(a);
    for (const address of [one, six])
      await saidBy(a.watch(process.execPath, support('stream-sink.js'), address, '8631'), 'listens');
  });

  t.test('back end none: devices are reached while a renewal is confirmed, and not after the deadline', async (t) => {
    const { a, b } = await startHosts(t, 'a', 'b');
    const holder = await startHolder(a, { backEnd: 'none' });
    const sink = b.watch(process.execPath, support('stream-sink.js'), b.four, '9100');
    await saidBy(sink, 'listens');
    t.notOk(await connects(a, b.four, 9_100), 'it owns nothing yet');
    await holder.order({ do: 'up', address: one });
    t.notOk((await addressesOf(a)).includes(one), 'something else puts it');
    t.ok(await connects(a, b.four, 9_100));
    holder.signal('SIGSTOP');
    await pause(1_850);
    t.notOk(await connects(a, b.four, 9_100));
  });

  t.test('without the right to do it a node takes no groups, unless fencing is soft', async (t) => {
    const { a } = await startHosts(t, 'a', 'b');
    const before = ['setpriv', '--bounding-set', '-net_admin', '--inh-caps', '-net_admin'];
    const hard = new AddressHolder(a, { before });
    t.equal(await hard.order({ do: 'prepare' }), 'its supervisor has no CAP_NET_ADMIN');
    await t.rejects(hard.order({ do: 'up', address: one }), { message: 'its supervisor has no CAP_NET_ADMIN' });
    const soft = new AddressHolder(a, { before, fencing: 'soft' });
    t.equal(await soft.order({ do: 'prepare' }), undefined);
  });
});
