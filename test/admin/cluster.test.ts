// Groups, resources and nodes over REST, on two admin servers over one store.

import t, { type Test } from 'tap';
import type { ClusterAnswer } from '../../lib/admin/cluster-routes.js';
import type { GroupAnswer } from '../../lib/admin/group-answers.js';
import type { ExplainAnswer, HistoryAnswer } from '../../lib/admin/group-routes.js';
import { keys } from '../../lib/store/keys.js';
import { startTestAdmin } from '../support/admin.js';
import { type AdminCluster, type ClusterAdmin, holds, startAdminCluster } from '../support/admin-cluster.js';

const draft = {
  name: 'sales',
  addresses: ['127.0.0.21'],
  networkName: 'print-sales',
  preferredOwners: ['a', 'b'],
  services: { snmp: { community: 'canary-77', allowFrom: ['127.0.0.0/8'] } },
};

const withSales = async (t: Test): Promise<AdminCluster & { ask: ReturnType<typeof asking> }> => {
  const cluster = await startAdminCluster(t);
  const ask = asking(cluster);
  t.match(await ask(cluster.b, 'POST', '/api/1/groups', draft), { status: 201 });
  await cluster.until(() => holds(cluster.a, 'sales/spooler'));
  return { ...cluster, ask };
};

const asking =
  ({ during }: AdminCluster) =>
  async (node: ClusterAdmin, method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, body?: object) => {
    const answer = await during(node.ask(method, url, body));
    return { status: answer.statusCode, json: answer.body === '' ? {} : answer.json<unknown>(), body: answer.body };
  };

t.test('every node shows the group as its owner has it', async (t) => {
  const { a, b, ask } = await withSales(t);
  for (const node of [a, b]) {
    const { json, body } = await ask(node, 'GET', '/api/1/groups/sales');
    t.match(json, {
      name: 'sales',
      owner: { node: 'a', epoch: 1, how: 'claimed', alive: true, because: /never owned/ },
      says: 'I own sales at epoch 1',
      saidBy: 'a',
      resources: [
        { name: 'address', kind: 'ip-address', value: '127.0.0.21', wanted: 'online', state: 'online' },
        { name: 'name', state: 'online' },
        { name: 'spooler', state: 'online' },
      ],
      jobCompletionTimeoutMs: 120_000,
      failback: { policy: 'prevent' },
      services: { ipp: { port: 631 }, snmp: { communitySet: true, port: 161 } },
    });
    t.notMatch(body, 'canary-77');
    t.match((await ask(node, 'GET', '/api/1/groups')).json, {
      groups: [{ name: 'sales', says: 'I own sales at epoch 1' }],
    });
    const { nodes } = (await ask(node, 'GET', '/api/1/groups/sales/explain')).json as ExplainAnswer;
    t.match(nodes, [
      { node: 'a', says: 'I own sales at epoch 1' },
      { node: 'b', says: 'a owns it at epoch 1' },
    ]);
    t.match((await ask(node, 'GET', '/api/1/cluster')).json, {
      me: node.name,
      store: { reachable: true, readMs: Number },
      nodes: [
        { name: 'a', state: 'alive', drained: false, groups: ['sales'], version: '0.1.0', rest: a.url },
        { name: 'b', state: 'alive', groups: [], version: '0.1.0' },
      ],
      groups: [{ name: 'sales', owner: 'a', epoch: 1 }],
    });
    const history = (await ask(node, 'GET', '/api/1/groups/sales/history')).json as HistoryAnswer;
    t.match(history.changes, [{ epoch: 1, node: 'a', how: 'claimed', stages: { claimed: Number, accepting: Number } }]);
  }
});

t.test('while a move waits, every node says what for; then the group is there', async (t) => {
  const { a, b, ask, until, clock, store } = await withSales(t);
  a.lab.resources.sending = ['job 17 on laser'];
  t.match(await ask(b, 'POST', '/api/1/groups/sales/move', { to: 'b' }), {
    status: 202,
    json: { move: { to: 'b', now: false } },
  });
  await clock.advance(3_000);
  const waiting = (await ask(b, 'GET', '/api/1/groups/sales')).json as GroupAnswer;
  t.match(waiting.says, /^asked to move to b; waiting for job 17 on laser for [23]\.\ds of 120\.0s$/);
  t.match(waiting, { saidBy: 'a', sending: ['job 17 on laser'], move: { to: 'b' } });
  a.lab.resources.sending = [];
  await until(() => holds(b, 'sales/spooler'));
  await clock.advance(200);
  const moved = (await ask(a, 'GET', '/api/1/groups/sales')).json as GroupAnswer;
  t.match(moved, { owner: { node: 'b', epoch: 2, how: 'moved', because: 'asked to move to b' }, saidBy: 'b' });
  t.equal(moved.move, undefined);
  t.notOk(a.lab.resources.log.includes('cut off sales'));
  const { revision } = store.entry(keys.group('sales')) ?? { revision: 0 };
  t.match(await ask(a, 'POST', '/api/1/groups/sales/move', { to: 'b' }), {
    status: 202,
    json: { owner: { node: 'b', epoch: 2 } },
  });
  t.match(await ask(a, 'POST', '/api/1/groups/sales/move', { to: 'zz' }), {
    status: 404,
    json: { code: 'node-not-found', message: /no node of this cluster: zz; its nodes: a, b/ },
  });
  t.equal(store.entry(keys.group('sales'))?.revision, revision);
  b.lab.resources.sending = ['job 18 on laser'];
  await ask(a, 'POST', '/api/1/groups/sales/move', { to: 'a', now: true });
  await until(() => holds(a, 'sales/spooler'));
  t.ok(b.lab.resources.log.includes('cut off sales'));
});

t.test('a drained node gives its groups away and is shown as drained', async (t) => {
  const { a, b, ask, until, clock, store } = await withSales(t);
  t.match(await ask(b, 'POST', '/api/1/nodes/a/drain'), { status: 202 });
  await until(() => holds(b, 'sales/spooler'));
  const { nodes } = (await ask(b, 'GET', '/api/1/cluster')).json as ClusterAnswer;
  t.match(nodes[0], { name: 'a', state: 'drained', drained: true, groups: [] });
  t.match(await ask(b, 'POST', '/api/1/groups/sales/move', { to: 'a' }), {
    status: 409,
    json: { message: 'a is drained' },
  });
  t.match(await ask(b, 'POST', '/api/1/nodes/a/resume'), { status: 202 });
  await clock.advance(100);
  t.match(((await ask(a, 'GET', '/api/1/cluster')).json as ClusterAnswer).nodes[0], { state: 'alive' });
  t.match(await ask(b, 'POST', '/api/1/nodes/zz/drain'), { status: 404, json: { code: 'node-not-found' } });
  await clock.advance(100);
  await b.clusterEvents.settled();
  const { entries } = await store.range(keys.events);
  t.same(
    entries.map(({ value }) => (value as { code: string }).code),
    ['group-created', 'owner-changed', 'node-drained', 'owner-changed', 'node-resumed'],
  );
});

t.test('a resource goes offline when what is sent has ended, and online again', async (t) => {
  const { a, b, ask, until, clock } = await withSales(t);
  a.lab.resources.sending = ['job 1 on x'];
  t.match(await ask(b, 'POST', '/api/1/groups/sales/resources/spooler/offline'), { status: 202 });
  await clock.advance(1_000);
  t.match((await ask(b, 'GET', '/api/1/groups/sales')).json, {
    says: /waiting for job 1 on x/,
    resources: [{}, {}, { wanted: 'offline', state: 'online' }],
  });
  a.lab.resources.sending = [];
  await until(() => !holds(a, 'sales/spooler'));
  await clock.advance(50);
  t.match((await ask(b, 'GET', '/api/1/groups/sales')).json, {
    resources: [{ state: 'online' }, {}, { state: 'offline' }],
  });
  await ask(a, 'POST', '/api/1/groups/sales/resources/spooler/online', {});
  await until(() => holds(a, 'sales/spooler'));
  const extra = { name: 'more', kind: 'ip-address', value: '127.0.0.22' };
  t.match(await ask(a, 'POST', '/api/1/groups/sales/resources', extra), { status: 201 });
  t.match(await ask(a, 'DELETE', '/api/1/groups/sales/resources/more'), {
    status: 409,
    json: { code: 'group-refused' },
  });
  await ask(a, 'POST', '/api/1/groups/sales/resources/more/offline');
  t.match(await ask(a, 'PATCH', '/api/1/groups/sales/resources/more', { value: '127.0.0.23' }), { status: 200 });
  t.match(await ask(a, 'DELETE', '/api/1/groups/sales/resources/more'), { status: 200 });
});

t.test('a group is changed and removed; wrong words are refused', async (t) => {
  const { a, b, ask, until, store } = await withSales(t);
  const changed = {
    jobCompletionTimeoutMs: 2_000,
    failback: { policy: 'hours', from: 22, to: 5 },
    possibleOwners: ['a', 'b'],
  };
  t.match(await ask(b, 'PATCH', '/api/1/groups/sales', changed), { status: 200, json: changed });
  t.match(await ask(b, 'PATCH', '/api/1/groups/sales', { possibleOwners: null }), { status: 200 });
  for (const [body, code] of [
    [{ ...draft, name: '../x' }, 'bad-request'],
    [{ ...draft, addresses: ['x'] }, 'bad-request'],
    [{ ...draft, surprise: 1 }, 'bad-request'],
    [draft, 'group-exists'],
    [{ ...draft, name: 'y' }, 'group-refused'],
  ] as const) {
    const before = store.entry(keys.group('sales'))?.revision;
    t.match((await ask(b, 'POST', '/api/1/groups', body)).json, { code });
    t.equal(store.entry(keys.group('sales'))?.revision, before);
  }
  t.match(await ask(b, 'PATCH', '/api/1/groups/sales', {}), { status: 400 });
  t.match(await ask(b, 'GET', '/api/1/groups/none'), { status: 404, json: { code: 'group-not-found' } });
  t.match(await ask(b, 'GET', '/api/1/groups/none/history'), { status: 404 });
  store.commit([], [{ put: keys.job('sales', 1), value: {} }]);
  t.match(await ask(b, 'DELETE', '/api/1/groups/sales'), { status: 409, json: { code: 'group-not-empty' } });
  store.commit([], [{ delete: keys.job('sales', 1) }]);
  t.match(await ask(b, 'DELETE', '/api/1/groups/sales'), { status: 204 });
  await until(() => !holds(a, 'sales/spooler'));
});

t.test('a node that does not answer is shown without its words', async (t) => {
  const { a, b, ask, until, clock } = await withSales(t);
  a.lab.clock.kill();
  await a.admin.close();
  t.match((await ask(b, 'GET', '/api/1/groups/sales')).json, {
    says: 'a does not answer',
    resources: [{ state: 'unknown' }],
  });
  await clock.advance(1_500);
  t.match(((await ask(b, 'GET', '/api/1/cluster')).json as ClusterAnswer).nodes[0], { name: 'a', state: 'silent' });
  await until(() => holds(b, 'sales/spooler'));
  t.match(((await ask(b, 'GET', '/api/1/cluster')).json as ClusterAnswer).nodes[0], {
    state: 'fenced',
    fenced: { by: 'b', because: /a was silent/ },
    groups: [],
  });
});

t.test('a node that is alone says so', async (t) => {
  const { ask } = await startTestAdmin(t);
  for (const [method, url, body] of [
    ['GET', '/api/1/cluster', undefined],
    ['GET', '/api/1/nodes/self', undefined],
    ['GET', '/api/1/groups', undefined],
    ['POST', '/api/1/groups', draft],
    ['GET', '/api/1/groups/x', undefined],
    ['DELETE', '/api/1/groups/x', undefined],
    ['POST', '/api/1/groups/x/move', { to: 'b' }],
    ['GET', '/api/1/groups/x/explain', undefined],
    ['GET', '/api/1/groups/x/history', undefined],
    ['POST', '/api/1/groups/x/resources/y/offline', undefined],
    ['POST', '/api/1/nodes/x/drain', undefined],
  ] as const)
    t.match(
      (await ask(method, url, body)).json(),
      { status: 404, code: 'not-found', message: 'this node is alone: it is in no cluster (README: A cluster)' },
      url,
    );
});
