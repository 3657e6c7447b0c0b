// The loops, over one embedded store that several nodes share, each through its own way that delays, drops, or hides outcomes.

import t, { type Test } from 'tap';
import { silentLog } from '../../lib/platform/log.js';
import { openEmbeddedStore } from '../../lib/store/embedded/embedded-store.js';
import { keys } from '../../lib/store/keys.js';
import { ClusterLab, type LabNode, type LabNodeOptions } from '../support/cluster-lab.js';
import { FakeClock, settle } from '../support/fake-clock.js';
import { noFaults } from '../support/faulty-store.js';

const stepMs = 20;

class Trial {
  readonly clock = new FakeClock();
  readonly lab: ClusterLab;
  readonly nodes: LabNode[] = [];

  constructor(lab: (clock: FakeClock) => ClusterLab) {
    this.lab = lab(this.clock);
  }

  start(name: string, options: LabNodeOptions = {}): LabNode {
    const node = this.lab.node(name, options);
    this.nodes.push(node);
    node.node.start();
    return node;
  }

  /** Time passes; the store on disk is given the real time that it needs. */
  async run(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      await this.clock.advance(stepMs);
      while (this.nodes.some(({ way }) => way.busy > 0)) await settle(1);
      await settle();
    }
  }

  /** Runs until it is done. */
  async done(work: Promise<void>): Promise<void> {
    let isDone = false;
    void work.finally(() => (isDone = true));
    await this.until('it is done', () => isDone);
  }

  /** Runs until it is so; returns how long that took. */
  async until(what: string, isSo: () => boolean, limitMs = 10_000): Promise<number> {
    const start = this.clock.monotonic();
    while (!isSo()) {
      if (this.clock.monotonic() - start > limitMs) throw new Error(`not within ${limitMs} ms: ${what}`);
      await this.run(stepMs);
    }
    return this.clock.monotonic() - start;
  }
}

const isUp = ({ resources }: LabNode): boolean => resources.up.get('sales/spooler')?.holds() === true;

/** Nodes a and b; a owns `sales`. */
const trial = async (t: Test) => {
  const store = await openEmbeddedStore({ directory: t.testdir(), log: silentLog });
  const one = new Trial((clock) => new ClusterLab({ store, clock }));
  t.teardown(async () => {
    for (const { clock, node } of one.nodes) {
      await node.stop(AbortSignal.abort());
      clock.kill();
    }
    await store.close();
  });
  await one.lab.group('sales', { preferredOwners: ['a', 'b'] });
  const [a, b] = [one.start('a'), one.start('b')];
  await one.until('a owns sales', () => isUp(a));
  await one.run(1_000);
  return { one, a, b };
};

t.test('the first candidate claims a new group and brings it online in order of dependency', async (t) => {
  const { one, a, b } = await trial(t);
  t.same(a.resources.log, ['online sales/address', 'online sales/name', 'online sales/spooler']);
  t.same(b.resources.log, []);
  t.match(await one.lab.owner('sales'), { node: 'a', epoch: 1 });
  t.ok(a.node.ownership.holds('sales', 1));
  t.notOk(a.node.ownership.holds('sales', 0));
  t.match(a.node.explain(), [{ about: 'a' }, { about: 'b', text: 'b is alive' }, { text: 'I own sales at epoch 1' }]);
  const notes = a.node.history('sales').map(({ text }) => text);
  const claim = 'sales was never owned and I am first of those alive';
  // Before that it waits to be alive.
  t.same(notes.slice(notes.indexOf(claim)), [
    claim,
    'the outcome of my claim of sales is not seen yet',
    'I own sales at epoch 1',
    'address online at epoch 1',
    'name online at epoch 1',
    'spooler online at epoch 1',
  ]);
});

t.test('an owner that is cut off stops at its deadline; another takes over only after that', async (t) => {
  const { one, a, b } = await trial(t);
  a.way.faults = { ...noFaults, isCut: () => true };
  const { deadline } = a.node.view().renewal;
  const tenure = a.resources.up.get('sales/spooler');
  const stopped = await one.until('a has stopped', () => a.resources.up.size === 0);
  t.ok(stopped >= 1_500 && stopped <= 1_860, `a stopped after ${stopped} ms`);
  t.ok(a.clock.monotonic() - deadline <= 2 * stepMs, 'within 40 ms of its deadline');
  t.notOk(tenure?.holds());
  t.same(a.resources.log.slice(-3), ['offline sales/spooler', 'offline sales/name', 'offline sales/address']);
  const taken = await one.until('b owns sales', () => isUp(b));
  t.ok(stopped + taken >= 2_300 && stopped + taken <= 3_000, `b is up ${stopped + taken} ms after the cut`);
  t.match(await one.lab.owner('sales'), { node: 'b', epoch: 2 });
  a.way.faults = noFaults;
  await one.run(2_000);
  t.notOk(isUp(a), 'a is back in a new life and owns nothing');
  t.notOk(tenure?.holds(), 'a tenure that ended never holds again');
});

t.test('a killed owner is taken over from; a confirmation handled after the deadline revives nobody', async (t) => {
  const { one, a, b } = await trial(t);
  a.clock.pause();
  const taken = await one.until('b owns sales', () => isUp(b));
  t.ok(taken >= 2_300 && taken <= 3_000, `after ${taken} ms`);
  // What came meanwhile is handled before the timers that are overdue.
  a.clock.resume((overdue) => overdue.toReversed());
  t.notOk(a.resources.up.get('sales/spooler')?.holds());
  await one.run(2_000);
  t.same(a.resources.up.size, 0);
  t.notOk(a.node.view().renewal.state === 'lost', 'it lives again, owning nothing');
});

t.test('answers that come 2 s late are renewals, but too late: the owner ends its life', async (t) => {
  const { one, a } = await trial(t);
  const { incarnation } = a.node.view().renewal;
  a.way.faults = { ...noFaults, answer: () => 700, losesAnswer: () => false };
  await one.run(3_000);
  t.equal(a.node.view().renewal.incarnation, incarnation, 'answers after 700 ms keep it alive');
  a.way.faults = { ...noFaults, answer: () => 2_000 };
  await one.until('the life is over', () => a.node.view().renewal.state === 'lost');
  t.match(a.node.view().renewal, { because: 'my deadline has passed', incarnation });
});

t.test('renewals whose answers are lost count once the record is read', async (t) => {
  const { one, a } = await trial(t);
  const { incarnation } = a.node.view().renewal;
  let count = 0;
  a.way.faults = { ...noFaults, losesAnswer: () => (count += 1) % 3 === 0 };
  await one.run(5_000);
  t.equal(a.node.view().renewal.incarnation, incarnation);
  t.ok(isUp(a));
});

t.test('a planned move goes step by step, in one transaction, and interrupts nothing', async (t) => {
  const { one, a, b } = await trial(t);
  a.resources.sending = ['job 17 on laser'];
  await one.lab.group('sales', { preferredOwners: ['a', 'b'], move: { to: 'b', epoch: 1 } });
  await one.run(3_000);
  t.match(a.resources.log.slice(3), ['hold sales'], 'it waits for the document');
  t.match(a.node.explain().at(-1), { text: /waiting for job 17 on laser for 2\.\ds of 120\.0s/ });
  a.resources.sending = [];
  a.node.lookAgain();
  const moved = await one.until('b owns sales', () => isUp(b));
  t.ok(moved <= 200, `${moved} ms`);
  await one.run(500);
  t.same(a.resources.log.slice(3), [
    'hold sales',
    'close sales',
    'offline sales/address',
    'offline sales/spooler',
    'offline sales/name',
  ]);
  t.match(await one.lab.owner('sales'), { node: 'b', epoch: 2, how: 'moved' });
});

for (const isMade of [true, false])
  t.test(`a hand-over of unknown outcome, ${isMade ? 'made' : 'not made'}, is settled by a write`, async (t) => {
    const { one, a, b } = await trial(t);
    const drops = { ...noFaults, ...(isMade ? { losesAnswer: () => true } : { losesRequest: () => true }) };
    await one.lab.group('sales', { preferredOwners: ['a', 'b'], move: { to: 'b', epoch: 1, now: true } });
    await one.until('the address is down', () => a.resources.log.includes('offline sales/address'));
    a.way.faults = drops;
    const both: string[] = [];
    for (let step = 0; step < 60; step += 1) {
      await one.run(stepMs);
      if (isUp(a) && isUp(b)) both.push(`at ${step}`);
      if (a.resources.up.has('sales/address')) both.push(`a has the address at ${step}`);
    }
    a.way.faults = noFaults;
    await one.until('b owns sales', () => isUp(b));
    t.same(both, [], 'meanwhile a neither held the address nor sent');
    t.match(await one.lab.owner('sales'), { node: 'b', epoch: 2 });
  });

t.test('a node that stops hands its groups over, and the last one releases them', async (t) => {
  const { one, a, b } = await trial(t);
  const stopping = a.node.stop(new AbortController().signal);
  await one.until('b owns sales', () => isUp(b));
  await one.done(stopping);
  t.match(await one.lab.owner('sales'), { node: 'b', epoch: 2, how: 'drained' });
  const last = b.node.stop(new AbortController().signal);
  await one.done(last);
  t.match(await one.lab.owner('sales'), { node: 'b', epoch: 2, released: true });
  t.same([a.resources.up.size, b.resources.up.size], [0, 0]);
  for (const name of ['a', 'b'])
    t.match((await one.lab.store.get(keys.node(name)))?.value, {
      fenced: { by: name, because: 'it stopped in order' },
    });
});

t.test('nodes that all stop at once hand nothing to and fro', async (t) => {
  const { one, a, b } = await trial(t);
  const stopping = [a, b].map(({ node }) => node.stop(new AbortController().signal));
  await one.done(Promise.all(stopping).then(() => undefined));
  const epoch = (await one.lab.owner('sales'))?.epoch ?? 0;
  t.ok(epoch <= 2, `one node may not have heard yet that the other stops: epoch ${epoch}`);
  t.ok(await one.lab.isFree('sales'), 'whoever starts next takes it');
});

t.test('an outage of the store is told when it is over: from when, how long, what was given up', async (t) => {
  const { one } = await trial(t);
  const told: { code: string; text: string; at?: number }[] = [];
  const news = { note: (code: string, fields: { text: string; at?: number }) => void told.push({ code, ...fields }) };
  await one.lab.group('stock', { possibleOwners: ['c'] });
  const c = one.start('c', { news });
  await one.until('c owns stock', () => c.resources.up.has('stock/spooler'));
  told.splice(0);
  const start = one.clock.wall();
  c.way.faults = { ...noFaults, isCut: () => true };
  await one.run(1_000);
  t.equal(c.node.storeSilence(), undefined, 'a second is none');
  await one.run(4_000);
  t.match(c.node.storeSilence(), { since: Number });
  const since = c.node.storeSilence()?.since ?? 0;
  t.ok(Math.abs(since - start) <= 400, `${since - start} ms`);
  t.match(told, [{ code: 'groups-given-up', text: 'stock: my deadline has passed' }]);
  c.way.faults = noFaults;
  await one.until('c owns stock', () => c.resources.up.has('stock/spooler'));
  t.equal(c.node.storeSilence(), undefined);
  t.match(told.slice(1, 3), [
    { code: 'store-unreachable', at: since, text: /^for [5-7]\.\ds$/ },
    { code: 'store-back', text: /^after [5-7]\.\ds$/ },
  ]);
});

t.test('a life that its own supervisor has written off is told by the next one', async (t) => {
  const { one, a } = await trial(t);
  const told: string[] = [];
  a.clock.kill();
  const key = keys.node('a');
  const record = (await one.lab.store.get(key))?.value as object;
  await one.lab.put(key, { ...record, fenced: { by: 'a', because: 'its worker was ended by SIGKILL' } });
  const again = one.start('a', { news: { note: (code, { text }) => void told.push(`${code} ${text}`) } });
  await one.until('it lives', () => again.node.view().renewal.state === 'live');
  t.ok(told.includes('node-fenced a, by its own supervisor: its worker was ended by SIGKILL'), told.join());
});

t.test('a machine that slept ends its life by itself', async (t) => {
  const { one } = await trial(t);
  let slept = 0;
  await one.lab.group('stock', { possibleOwners: ['c'] });
  const c = one.start('c', { suspendCounting: (clock) => clock.monotonic() + slept });
  await one.until('c owns stock', () => c.resources.up.has('stock/spooler'));
  const { incarnation } = c.node.view().renewal;
  slept = 240;
  await one.run(1_000);
  t.equal(c.node.view().renewal.incarnation, incarnation, '240 ms are tolerated');
  slept = 600;
  await one.until('the life is over', () => c.node.view().renewal.incarnation !== incarnation, 1_000);
  t.match(c.resources.log.slice(3, 6), ['offline stock/spooler', 'offline stock/name', 'offline stock/address']);
});

t.test('a resource that keeps failing takes its group to another node', async (t) => {
  const { one, a, b } = await trial(t);
  a.resources.broken.add('sales/spooler');
  await one.lab.group('sales', { resources: [{ name: 'spooler', kind: 'print-spooler', wanted: 'offline' }] });
  await one.until('it is offline', () => !isUp(a));
  await one.lab.group('sales');
  await one.until('b owns sales', () => isUp(b));
  t.equal(a.resources.log.filter((line) => line === 'online sales/spooler').length, 1 + 4, 'tried 4 times');
  t.match(await one.lab.owner('sales'), { node: 'b', epoch: 2, how: 'failed-over', failovers: [Number] });
});

t.test('a store that was restored from a backup is not claimed from', async (t) => {
  const { one } = await trial(t);
  await one.lab.group('stock', { possibleOwners: ['c'] });
  one.start('c', { epochs: new Map([['stock', 5]]) });
  await one.run(4_000);
  t.equal(await one.lab.owner('stock'), undefined);
});

t.test('a paused node is drained and takes nothing until it is resumed', async (t) => {
  const { one, a, b } = await trial(t);
  await one.lab.put(keys.cluster, { version: 1, paused: ['a'] });
  await one.until('b owns sales', () => isUp(b));
  b.clock.kill();
  await one.run(4_000);
  t.notOk(isUp(a));
  await one.lab.put(keys.cluster, { version: 1 });
  await one.until('a owns sales', () => isUp(a));
});

t.test('a second node of a name that is alive takes over nothing and gives up', async (t) => {
  const { one, a } = await trial(t);
  const errors: Error[] = [];
  const { incarnation } = a.node.view().renewal;
  const second = one.start('a', {
    id: 'another',
    rest: () => 'http://127.0.0.9',
    onNameTaken: (error) => errors.push(error),
  });
  await one.until('it gives up', () => errors.length > 0, 1_500);
  t.match(errors, [{ code: 'node-name-taken', message: 'a node named a is alive; each node needs a name of its own' }]);
  await one.run(3_000);
  t.equal(a.node.view().renewal.incarnation, incarnation);
  t.match(await one.lab.owner('sales'), { node: 'a', incarnation, epoch: 1 });
  t.same([isUp(a), second.resources.log, errors.length], [true, [], 1]);
});

t.test('of two nodes of one name that start together, one gives up and the other goes on', async (t) => {
  const { one } = await trial(t);
  const errors: Error[] = [];
  const onNameTaken = (error: Error) => errors.push(error);
  const [first, second] = [one.start('c', { id: '1', onNameTaken }), one.start('c', { id: '2', onNameTaken })];
  await one.until('one gives up', () => errors.length > 0, 3_000);
  await one.run(3_000);
  t.equal(errors.length, 1);
  t.equal([first, second].filter(({ node }) => node.view().renewal.state === 'live').length, 1);
});

t.test('a node whose record another node of its name has replaced gives up instead of beginning anew', async (t) => {
  const { one, a } = await trial(t);
  const errors: Error[] = [];
  const c = one.start('c', { id: '1', onNameTaken: (error) => errors.push(error) });
  await one.until('c lives', () => c.node.view().renewal.state === 'live');
  const record = { ...a.node.view().observed.nodes.get('c')?.record, id: '2', incarnation: 'c of another machine' };
  for (let counter = 0; counter < 10 && errors.length === 0; counter += 1) {
    await one.lab.put(keys.node('c'), { ...record, counter });
    await one.run(300);
  }
  t.match(errors, [{ code: 'node-name-taken' }]);
  t.match((await one.lab.store.get(keys.node('c')))?.value, { incarnation: 'c of another machine' });
});

t.test('a node that starts again after a crash does not wait for its own earlier life', async (t) => {
  const { one, a } = await trial(t);
  a.clock.kill();
  const again = one.start('a');
  const took = await one.until('it lives', () => again.node.view().renewal.state === 'live');
  t.ok(took <= 100, `${took} ms`);
  again.clock.kill();
  const moved = one.start('a', { id: 'of a new disk' });
  const waited = await one.until('it lives', () => moved.node.view().renewal.state === 'live');
  t.ok(waited >= 1_000 && waited <= 1_500, `a new state directory waits for a second: ${waited} ms`);
});
