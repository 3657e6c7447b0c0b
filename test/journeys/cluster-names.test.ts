// A cluster's network name in a zone that its nodes update: there when the group is, wherever the group is, and gone when it is not wanted.

import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import type { GroupAnswer } from '../../lib/admin/group-answers.js';
import { updateZone } from '../../lib/names/zone-update.js';
import { systemClock } from '../../lib/platform/clock.js';
import { bindNeeds, startBind } from '../support/bind.js';
import { addressOf, groupName, startCluster } from '../support/cluster/cluster.js';
import { skipWithoutEtcd } from '../support/etcd.js';
import { skipWithout } from '../support/peers.js';

const needs = { ...skipWithout(...bindNeeds), ...skipWithoutEtcd };
const name = `${groupName}.example`;
const alias = 'oldserver.example';

t.test('a name follows its group, and no name service keeps a group from being served', needs, async (t) => {
  const bind = await startBind(t);
  const key = { name: 'platen', algorithm: 'hmac-sha256', secretFile: await bind.secretFile('platen') };
  const zone = { zone: 'example', server: '127.0.0.1', port: bind.port, key };
  const cluster = await startCluster(t, {
    members: 1,
    nodes: ['a', 'b'],
    devicePorts: [],
    cluster: { dnsUpdate: [zone] },
    groups: { [groupName]: ['--alias', alias] },
  });
  const address = addressOf(groupName);
  const found = async (of = name) => (await bind.dig(of, 'A')).join(' ');
  const until = async (holds: () => Promise<boolean>, what: string): Promise<void> => {
    for (const end = performance.now() + 20_000; !(await holds()); await pause(50))
      if (performance.now() > end) throw new Error(`${what}: ${await cluster.operate('group', 'show', groupName)}`);
  };
  const shown = async () => JSON.parse(await cluster.operate('group', 'show', groupName, '--json')) as GroupAnswer;
  const troubleOf = async () => (await shown()).resources.find((each) => each.name === 'name')?.trouble;

  await until(async () => (await found()) === address, 'the name is published');
  await until(async () => (await found(alias)) === address, 'the alias is published');

  await cluster.operate('group', 'set', groupName, '--alias', 'newserver.example');
  await until(async () => (await found('newserver.example')) === address, 'a new alias is published');
  await until(async () => (await found(alias)) === '', 'one that is given up is taken out');
  await cluster.operate('group', 'set', groupName, '--alias', alias);
  await until(async () => (await found(alias)) === address, 'and comes back');

  const first = await cluster.owning();
  const [other] = await cluster.others();
  await cluster.operate('group', 'move', groupName, '--to', other!.name);
  t.equal(await cluster.owning(), other);
  await pause(500);
  t.equal(await found(), address);
  t.notMatch(bind.output(), /deleting an RR at '?sales\.example/, 'a move takes nothing out');

  // What is gone from the zone comes back only if the successor writes.
  const wish = { name, addresses: [address], there: false };
  const server = { address: zone.server, port: zone.port };
  await updateZone({ ...zone, server }, wish, { clock: systemClock, signal: AbortSignal.timeout(10_000) });
  t.equal(await found(), '');
  other!.signal('both', 'SIGKILL');
  t.equal(await cluster.owning(), first);
  await until(async () => (await found()) === address, 'the successor writes the name');
  t.equal(await troubleOf(), undefined);

  await cluster.operate('resource', 'offline', `${groupName}/name`);
  await until(async () => (await found()) === '' && (await found(alias)) === '', 'what is not wanted is taken out');
  t.match(bind.output(), /deleting an RR at '?sales\.example/);
  await bind.stop();
  await cluster.operate('resource', 'online', `${groupName}/name`);
  await cluster.owning();
  await until(async () => /ECONNREFUSED/.test((await troubleOf()) ?? ''), 'the trouble is shown');
  t.match((await shown()).resources, [{ state: 'online' }, { name: 'name', state: 'online' }, { state: 'online' }]);
  t.match(await cluster.operate('events'), /oldserver\.example is not in zone example at 127\.0\.0\.1 port \d+/);
});
