// The commands for groups, resources and nodes, against live admin servers of two nodes.

import t, { type Test } from 'tap';
import { type AdminCluster, holds, startAdminCluster } from '../support/admin-cluster.js';
import { keys } from '../../lib/store/keys.js';
import { noFaults } from '../support/faulty-store.js';
import { startTestPlaten } from '../support/platen.js';

const create = ['group', 'create', 'sales', '--address', '127.0.0.21', '--name', 'print-sales', '--preferred', 'a,b'];

const withSales = async (t: Test): Promise<AdminCluster> => {
  const cluster = await startAdminCluster(t);
  t.match(await cluster.b.platen(create), { code: 0, out: /Group sales is made/ });
  await cluster.until(() => holds(cluster.a, 'sales/spooler'));
  return cluster;
};

t.test('a group is made with everything that can be said, shown, changed and removed', async (t) => {
  const { b, a, until } = await startAdminCluster(t);
  const said = (
    '--address ::1 --alias old --alias older --possible a,b --ipp-port 8631 --lpd-port 8515 --lpd-port 8516 ' +
    '--snmp-community - --snmp-allow 127.0.0.0/8 --snmp-port 8161 --operators-from 127.0.0.1 ' +
    '--job-completion-timeout 5000 --failback 22-5'
  ).split(' ');
  const made = await b.platen([...create, ...said], 'canary-5\n');
  t.equal(made.code, 0, made.err);
  t.match((await b.operations.group('sales')).services, {
    ipp: { port: 8631, operatorsFrom: ['127.0.0.1'] },
    lpd: { ports: [8515, 8516], optionalPorts: [] },
    snmp: { port: 8161, community: 'canary-5', allowFrom: ['127.0.0.0/8'] },
  });
  await until(() => holds(a, 'sales/spooler'));
  const shown = await b.platen(['group', 'show', 'sales']);
  t.match(shown.out, /owner +a\n/);
  t.match(shown.out, /says +I own sales at epoch 1 \(a\)/);
  t.match(shown.out, /fail-back +from 22 to 5 o'clock/);
  t.match(shown.out, /SNMP +UDP port 8161, community set/);
  t.match(shown.out, /address-2 +ip-address +::1 +online +online/);
  t.notMatch(shown.out, 'canary-5');
  t.match((await b.platen(['group', 'list'])).out, /sales +online +a +1 +127\.0\.0\.21 ::1 +print-sales old older/);
  t.match(JSON.parse((await b.platen(['group', 'list', '--json'])).out), { groups: [{ name: 'sales' }] });
  t.equal((await b.platen(['group', 'set', 'sales', '--any-owner', '--no-snmp', '--failback', 'immediate'])).code, 0);
  const changed = await b.operations.group('sales');
  t.match(changed, { failback: { policy: 'immediate' }, jobCompletionTimeoutMs: 5_000 });
  t.same([changed.possibleOwners, changed.services?.snmp.community], [undefined, undefined]);
  t.match((await b.platen(['group', 'show', 'sales'])).out, /names known by +multicast, dns\n/);
  t.equal((await b.platen(['group', 'set', 'sales', '--publish', 'dns'])).code, 0);
  t.match(await b.operations.group('sales'), { publish: ['dns'] });
  t.match(await b.platen(['group', 'set', 'sales', '--publish', 'none']), {
    code: 0,
    out: /names known by +nothing\n/,
  });
  t.match(await b.platen(['group', 'set', 'sales', '--publish', 'wins']), { code: 1, err: /multicast/ });
  t.match(await b.platen(['group', 'set', 'sales']), { code: 2, err: /nothing is to be changed/ });
  t.match(await b.platen(['group', 'set', 'sales', '--failback', '25-3']), { code: 2 });
  t.match(await b.platen(['group', 'show', 'none']), { code: 5, err: /group-not-found/ });
  t.match(await b.platen(create), { code: 1, err: /group-exists/ });
  t.match(await b.platen(['group', 'remove', 'sales']), { code: 0, out: /removed/ });
  t.match(await b.platen(['group', 'list']), { code: 0, err: /no group yet/ });
});

t.test('a move says which job it waits for, once, and ends on the new owner', async (t) => {
  const { a, b, clock } = await withSales(t);
  a.lab.resources.sending = ['job 17 on laser'];
  const start = clock.monotonic();
  clock.after(20_000, () => (a.lab.resources.sending = ['job 18 on laser']));
  clock.after(40_000, () => (a.lab.resources.sending = []));
  const moved = await b.platen(['group', 'move', 'sales', '--to', 'b']);
  t.equal(moved.code, 0, moved.err);
  t.match(moved.out, /^Group sales is on b at epoch 2 after \d+\.\d s\.$/m);
  t.equal(moved.err.match(/waiting for job 17 on laser/g)?.length, 1, moved.err);
  t.ok(clock.monotonic() - start >= 40_000);
  t.match(await b.platen(['group', 'move', 'sales', '--to', 'b']), {
    code: 0,
    out: /^Group sales is on b at epoch 2/m,
  });
  b.lab.resources.sending = ['job 19 on laser'];
  t.match(await b.platen(['group', 'move', 'sales', '--to', 'a', '--no-wait']), {
    code: 0,
    out: 'is asked to move to a',
  });
  t.match(await b.platen(['group', 'move', 'sales', '--to', 'a', '--now', '--json']), { code: 0 });
  t.ok(b.lab.resources.log.includes('cut off sales'));
});

t.test('a move that does not happen is a failure', async (t) => {
  const { a, b, clock, lab } = await withSales(t);
  a.lab.resources.sending = ['job 17 on laser'];
  // Somebody writes the group anew, without the wish.
  clock.after(2_000, () => void lab.group('sales', { preferredOwners: ['a', 'b'] }));
  t.match(await b.platen(['group', 'move', 'sales', '--to', 'b']), {
    code: 1,
    err: /did not move to b: the wish was taken back/,
  });
});

t.test('a drain waits until nothing is left', async (t) => {
  const { a, b, clock } = await withSales(t);
  a.lab.resources.sending = ['job 3 on laser'];
  clock.after(10_000, () => (a.lab.resources.sending = []));
  const drained = await b.platen(['node', 'drain', 'a']);
  t.match(drained, {
    code: 0,
    out: /Node a owns nothing any more/,
    err: /sales: this node is drained; waiting for job 3 on laser/,
  });
  t.match((await b.platen(['node', 'list'])).out, /a +drained +yes[^]*b +alive +no +sales/);
  t.match(await b.platen(['group', 'move', 'sales', '--to', 'a']), { code: 1, err: /a is drained/ });
  t.match(await b.platen(['node', 'resume', 'a']), { code: 0, out: /takes groups again/ });
  t.match(await b.platen(['node', 'drain', 'zz']), { code: 5 });
  t.match(await b.platen(['node', 'drain', 'a', '--no-wait', '--json']), { code: 0 });
});

t.test('resources go offline and online, are added and removed', async (t) => {
  const { a, b, clock } = await withSales(t);
  a.lab.resources.sending = ['job 4 on laser'];
  clock.after(5_000, () => (a.lab.resources.sending = []));
  t.match(await b.platen(['resource', 'offline', 'sales/spooler']), {
    code: 0,
    out: 'sales/spooler is offline.',
    err: /waiting for job 4 on laser/,
  });
  t.notOk(holds(a, 'sales/spooler'));
  t.match(await b.platen(['resource', 'online', 'sales/spooler']), { code: 0, out: 'sales/spooler is online.' });
  t.ok(holds(a, 'sales/spooler'));
  t.match(await b.platen(['resource', 'add', 'sales/more', '--kind', 'ip-address', '--value', '127.0.0.31']), {
    code: 0,
  });
  t.match(await b.platen(['resource', 'remove', 'sales/more']), {
    code: 1,
    err: /platen resource offline sales\/more first/,
  });
  t.match(await b.platen(['resource', 'offline', 'sales/more']), { code: 0 });
  t.match(await b.platen(['resource', 'remove', 'sales/more']), { code: 0 });
  t.match(await b.platen(['resource', 'offline', 'sales']), { code: 2, err: /GROUP\/RESOURCE/ });
  t.match(await b.platen(['resource', 'offline', 'sales/none']), { code: 5 });
});

t.test('the cluster, its reasons and its history are shown from any node', async (t) => {
  const { a, b, until, clock } = await withSales(t);
  a.lab.clock.kill();
  await until(() => holds(b, 'sales/spooler'));
  await clock.advance(200);
  b.lab.node.takeovers.firstByte('sales', 2);
  const status = await b.platen(['cluster', 'status']);
  t.match(status.out, /seen by +b\nstore +answers, a read took/);
  t.match(status.out, /a +fenced +no[^]*by b: a was silent for/);
  t.match(status.out, /sales +b +2/);
  t.match((await b.platen(['cluster', 'explain', 'sales'])).out, /b +\S+ \S+ +I own sales at epoch 2/);
  const history = await b.platen(['history', 'sales']);
  t.match(history.out, /EPOCH +WHEN +FROM +TO +HOW +FENCED +CLAIMED +ADDRESS +ACCEPTING +FIRST BYTE +BECAUSE/);
  t.match(
    history.out,
    /2 +2026-01-01 00:00:\d\d +a +b +claimed +\+2[67]\d\d +\+2[67]\d\d +\+2[67]\d\d +\+2[67]\d\d +\+\d+ +a's incarnation is fenced[^]*\(fenced by b\)/,
  );
  t.match(JSON.parse((await b.platen(['history', 'sales', '--json'])).out), { changes: [{ epoch: 2 }, { epoch: 1 }] });
});

t.test('status shows where every group is, and printers are managed through any node', async (t) => {
  const { a, b } = await withSales(t);
  t.match((await a.platen(['status'])).out, /sales +online +1 +1/);
  t.match((await b.platen(['status'])).out, /sales +on a/);
  t.match((await b.platen(['printer', 'list'])).out, /demo[^]*at a/);
  t.match(await b.platen(['printer', 'add', 'lobby', '--device', 'socket://127.0.0.1:9100']), { code: 0 });
  t.equal(a.spooler.printers.must('lobby').name, 'lobby');
});

t.test('a node that is alone says so', async (t) => {
  const { platen } = await startTestPlaten(t);
  for (const args of [
    ['cluster', 'status'],
    ['group', 'list'],
    ['node', 'list'],
    ['history', 'x'],
  ])
    t.match(await platen(args), { code: 5, err: /this node is alone/ });
});

t.test('while the store is silent, what is shown is called old, and the truth of this node is said', async (t) => {
  const { a, b, clock } = await withSales(t);
  for (const node of [a, b]) node.lab.way.faults = { ...noFaults, isCut: () => true };
  await clock.advance(6_000);
  const status = await a.platen(['cluster', 'status']);
  t.match(
    status.out,
    /store +unreachable since \d{4}-.*; nodes and groups are shown as last seen/,
    status.out + status.err,
  );
  t.match(status.out, /^a +unknown/m);
  t.match(status.out, /^b +unknown/m);
  t.match(status.out, /^sales +nobody/m);
  const explained = await a.platen(['cluster', 'explain', 'sales']);
  t.match(explained, { code: 0, err: /^The store is unreachable since/ });
  t.match(explained.out, /^a +\d{4}-\S+ \S+ +I gave sales up: my deadline has passed$/m);
  t.match(explained.out, /^b +\d{4}-\S+ \S+ +I do not judge sales: my deadline has passed$/m);
  const own = await a.platen(['status']);
  t.match(own.out, /store +unreachable since/);
  t.match(own.out, /^sales +offline: I gave sales up: my deadline has passed/m);
  t.match(await a.platen(['job', 'list']), { code: 1, err: /sales does not print on a: I gave sales up/ });
});

t.test('a group whose print spooler is offline is not called online, and its jobs say why', async (t) => {
  const { a, b, clock } = await withSales(t);
  t.match((await b.platen(['cluster', 'status'])).out, /^sales +a +1 +online$/m);
  t.match(await b.platen(['resource', 'offline', 'sales/spooler']), { code: 0 });
  await clock.advance(500);
  const state = 'partly offline: spooler offline as wanted';
  t.match((await b.platen(['group', 'list'])).out, new RegExp(`^sales +${state} +a`, 'm'));
  t.match((await b.platen(['group', 'show', 'sales'])).out, new RegExp(`^state +${state}$`, 'm'));
  t.match((await b.platen(['cluster', 'status'])).out, new RegExp(`^sales +a +1 +${state}$`, 'm'));
  for (const node of [a, b])
    t.match(await node.platen(['job', 'list']), {
      code: 1,
      err: /: the print spooler of sales is offline, as wanted \(spooler-offline\)/,
    });
});

t.test('a wish to move is taken back, and whoever waits for it is told', async (t) => {
  const { a, b, clock } = await withSales(t);
  a.lab.resources.sending = ['job 17 on laser'];
  t.match(await b.platen(['group', 'move', 'sales']), { code: 2, err: /--to, or take a wish back with --cancel/ });
  clock.after(3_000, () => void b.operations.cancelMove('sales'));
  t.match(await b.platen(['group', 'move', 'sales', '--to', 'b']), {
    code: 1,
    err: /group sales did not move to b: the wish was taken back/,
  });
  t.match(await b.platen(['group', 'move', 'sales', '--to', 'b', '--no-wait']), { code: 0 });
  t.match(await b.platen(['group', 'move', 'sales', '--cancel']), {
    code: 0,
    out: 'Group sales is not asked to move any more; its owner: a.',
  });
  t.equal((await b.operations.group('sales')).move, undefined);
});

t.test('the drain of the last node ends with what keeps it, and stays asked for', async (t) => {
  const { a, b, store } = await withSales(t);
  t.match(await b.platen(['node', 'drain', 'b']), { code: 0 });
  t.match(await b.platen(['node', 'drain', 'a']), {
    code: 1,
    err: /no other node can take sales: [^]*The drain stays asked for: [^]*platen node resume a takes it back/,
  });
  t.ok(holds(a, 'sales/spooler'));
  t.match(store.entry(keys.cluster)?.value, { paused: ['a', 'b'] });
});
