// Print spoolers of several nodes that share a store: what a takeover, a lost node or a damaged copy does to jobs and their documents.

import { open, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Test } from 'tap';
import t from 'tap';
import { silentLog } from '../../lib/platform/log.js';
import type { JobRecord } from '../../lib/model/job.js';
import { keys } from '../../lib/store/keys.js';
import type { Store, TxnResult } from '../../lib/store/store.js';
import { openEmbeddedStore } from '../../lib/store/embedded/embedded-store.js';
import { jobIs, jobUntil, noStrayRejections, submitJob } from '../support/queue.js';
import { type NodeOptions, Peers, type SpoolNode, startNode } from '../support/spool-nodes.js';
import { startTestSpooler, type TestSpooler, type TestSpoolerOptions } from '../support/spooler.js';
import { temporaryDirectory } from '../support/temporary.js';

interface Site {
  readonly store: Store;
  readonly peers: Peers;
  readonly nodes: ReadonlyMap<string, SpoolNode>;
  /** The node owns the group from now on. */
  readonly own: (node: string, options?: TestSpoolerOptions) => Promise<TestSpooler>;
}

const site = async (t: Test, names: readonly string[], policy: NodeOptions['policy'] = {}): Promise<Site> => {
  noStrayRejections(t);
  const store = await openEmbeddedStore({ directory: await temporaryDirectory(t), log: silentLog });
  const peers = new Peers();
  const nodes = new Map<string, SpoolNode>();
  const epochOf = async (group: string): Promise<number> =>
    ((await store.get(`/platen/1/owners/${group}`))?.value as { epoch?: number } | undefined)?.epoch ?? 0;
  for (const name of names)
    nodes.set(name, await startNode(t, peers, name, { policy: { ...policy }, server: { epochOf } }));
  t.teardown(() => store.close());
  const own = async (node: string, options: TestSpoolerOptions = {}): Promise<TestSpooler> => {
    const { spool, documents } = nodes.get(node)!;
    return startTestSpooler(t, { node, store, replicated: { spool, documents }, ...options });
  };
  return { store, peers, nodes, own };
};

const paused = async ({ spooler }: TestSpooler): Promise<void> => {
  await spooler.addPrinter({ name: 'lp', deviceUri: 'socket://192.0.2.1' });
  await spooler.pausePrinter('lp', { message: '', cutOff: false });
};

const holdersOf = (job: { documents: readonly { holders: object }[] } | undefined): string =>
  Object.keys(job?.documents[0]?.holders ?? {})
    .toSorted()
    .join(' ');

/** Turns one octet of every document of the node. */
const spoil = async ({ directory }: SpoolNode): Promise<void> => {
  const below = path.join(directory, 'documents');
  const files = await readdir(below, { recursive: true, withFileTypes: true });
  for (const entry of files.filter((one) => one.isFile())) {
    const file = await open(path.join(entry.parentPath, entry.name), 'r+');
    const { size } = await file.stat();
    await file.write('\xff', size - 1, 'latin1');
    await file.close();
  }
};

t.test('a new owner without any copy fetches the documents and prints them in order, with their ids', async (t) => {
  const { own, peers } = await site(t, ['a', 'b', 'c']);
  const before = await own('a');
  await paused(before);
  const ids = [];
  for (let index = 0; index < 20; index += 1)
    ids.push(
      await submitJob(before.spooler, { printer: 'lp', content: `content ${index}`.repeat(index === 3 ? 9_999 : 1) }),
    );
  await before.crash();
  peers.become('a', 'fenced');
  const after = await own('c');
  await after.spooler.resumePrinter('lp');
  for (const id of ids) await jobIs(after.spooler.jobs, id, 'completed');
  t.same(
    after.port.deliveries.map(({ job }) => job.id),
    ids,
  );
  t.equal(after.port.deliveries[7]?.documents.join(), 'content 7');
  t.equal(after.port.deliveries[3]?.documents[0]?.length, 9_999 * 'content 3'.length);
  t.match(holdersOf(await after.spooler.jobs.find(ids[0]!)), /a b c/);
});

t.test('a new owner gets the documents here before they are printed, and copies on enough nodes', async (t) => {
  const { own, peers } = await site(t, ['a', 'b', 'c'], { repairAfterMs: 1 });
  const before = await own('a');
  await paused(before);
  const id = await submitJob(before.spooler, { printer: 'lp' });
  await before.crash();
  peers.become('a', 'fenced');
  const after = await own('b');
  await jobUntil(after.spooler.jobs, id, (job) => holdersOf(job) === 'a b c' || (peers.become('c', 'alive'), false));
  t.pass('c has one, too');
});

t.test('a job of which no live node has the document is held, delays no other, and goes on by itself', async (t) => {
  const { own, peers, nodes } = await site(t, ['a', 'b', 'c']);
  const before = await own('a');
  await paused(before);
  const lost = await submitJob(before.spooler, { printer: 'lp', content: 'lost' });
  await before.crash();
  peers.become('a', 'fenced');
  peers.become('b', 'fenced');
  const after = await own('c');
  const next = await submitJob(after.spooler, { printer: 'lp', content: 'next' });
  await after.spooler.resumePrinter('lp');
  await jobIs(after.spooler.jobs, next, 'completed');
  const held = await jobIs(after.spooler.jobs, lost, 'pending-held');
  t.match(held, {
    hold: { by: 'document' },
    message: /it is on a, b, not there now/,
    reasons: ['resources-are-not-ready'],
  });
  peers.set({ node: 'b', address: nodes.get('b')!.address, state: 'alive' });
  await jobIs(after.spooler.jobs, lost, 'completed');
  t.same(
    after.port.deliveries.map(({ documents }) => documents.join()),
    ['next', 'lost'],
  );
});

t.test('a damaged copy is replaced by another node’s before the job is held', async (t) => {
  const { own, peers, nodes } = await site(t, ['a', 'b', 'c'], { minCopies: 3 });
  const before = await own('a');
  await paused(before);
  const id = await submitJob(before.spooler, { printer: 'lp', content: 'good' });
  await before.crash();
  peers.become('a', 'fenced');
  await spoil(nodes.get('b')!);
  const after = await own('b');
  await after.spooler.resumePrinter('lp');
  await jobIs(after.spooler.jobs, id, 'completed');
  t.equal(after.port.deliveries[0]?.documents.join(), 'good');
  t.equal(
    (await readdir(path.join(nodes.get('b')!.directory, 'quarantine'))).length,
    1,
    'the bad one is kept for a look',
  );
});

t.test('a copy that is found to be damaged while it is sent is replaced before the next attempt', async (t) => {
  const { own, nodes } = await site(t, ['a', 'b']);
  const here = await own('a');
  await paused(here);
  const id = await submitJob(here.spooler, { printer: 'lp', content: 'good' });
  await spoil(nodes.get('a')!);
  await here.spooler.resumePrinter('lp');
  const job = await jobIs(here.spooler.jobs, id, 'completed');
  t.equal(here.port.deliveries.at(-1)?.documents.join(), 'good');
  t.equal(job.attemptCount, 2);
});

t.test('copies on nodes that are lost are made again elsewhere', async (t) => {
  const { own, peers, nodes } = await site(t, ['a', 'b', 'c'], { repairAfterMs: 1 });
  const here = await own('a');
  await paused(here);
  const id = await submitJob(here.spooler, { printer: 'lp' });
  t.equal(holdersOf(here.spooler.jobs.unfinished(id)), 'a b');
  peers.become('b', 'fenced');
  const repaired = jobUntil(here.spooler.jobs, id, (job) => holdersOf(job) === 'a b c');
  await new Promise((resolve) => setTimeout(resolve, 20));
  peers.become('b', 'fenced');
  await repaired;
  t.equal(nodes.get('c')!.spool.usage().documents, 1);
});

t.test('jobs taken on fewer nodes say so, and are copied when a node is back', async (t) => {
  const { own, peers, nodes } = await site(t, ['a', 'b']);
  const here = await own('a');
  await paused(here);
  peers.become('b', 'fenced');
  const ids = [await submitJob(here.spooler, { printer: 'lp' }), await submitJob(here.spooler, { printer: 'lp' })];
  for (const id of ids) t.equal(holdersOf(here.spooler.jobs.unfinished(id)), 'a');
  t.same(nodes.get('a')!.events, ['copies-short'], 'told once');
  peers.become('b', 'alive');
  for (const id of ids) await jobUntil(here.spooler.jobs, id, (job) => holdersOf(job) === 'a b');
  await submitJob(here.spooler, { printer: 'lp' });
  t.same(nodes.get('a')!.events, ['copies-short', 'copies-enough']);
});

t.test('a job that cannot be put on record leaves no document on any node', async (t) => {
  const { own, nodes } = await site(t, ['a', 'b']);
  const here = await own('a');
  await paused(here);
  const document = await here.spooler.uploads.receive({ job: 7, number: 1 }, [Buffer.from('x')] as never, {
    format: 'text/plain',
  });
  t.ok(await here.spooler.needs(7, { node: 'b', epoch: 1, file: document.holders['b']! }), 'in hand');
  await here.spooler.removePrinter('lp');
  const draft = { printer: 'lp', name: '', user: '', origin: { protocol: 'rest', address: '' } } as const;
  await t.rejects(here.spooler.uploads.submit(7, draft, { documents: [document], open: false }), {
    code: 'printer-not-found',
  });
  await nodes.get('a')!.documents.settled();
  for (const { spool } of nodes.values()) t.equal(spool.usage().documents, 0);
  t.notOk(await here.spooler.needs(7, { node: 'b', epoch: 1, file: document.holders['b']! }), 'given up');
});

t.test('a job whose commit had an unknown outcome is a job once, and its documents stay', async (t) => {
  const { own, nodes } = await site(t, ['a', 'b']);
  let lose: 'request' | 'answer' | undefined;
  const here = await own('a', {
    wrapStore: (store) => ({
      get: (key) => store.get(key),
      range: (prefix, options) => store.range(prefix, options),
      watch: (prefix, from, signal) => store.watch(prefix, from, signal),
      close: () => store.close(),
      txn: async (compares, changes) => {
        const what = lose;
        lose = undefined;
        if (what !== 'request') {
          const result = await store.txn(compares, changes);
          if (what === undefined) return result;
        }
        return { outcome: 'unknown', cause: new Error('no answer') };
      },
    }),
  });
  await paused(here);
  await submitJob(here.spooler, { printer: 'lp' });
  for (const what of ['request', 'answer'] as const) {
    const id = await here.spooler.uploads.takeJobId();
    const document = await here.spooler.uploads.receive({ job: id, number: 1 }, [Buffer.from('x')] as never, {
      format: 'text/plain',
    });
    lose = what;
    const draft = { printer: 'lp', name: '', user: '', origin: { protocol: 'rest', address: '' } } as const;
    const job = await here.spooler.uploads.submit(id, draft, { documents: [document], open: false });
    t.equal(job.id, id);
    t.match(here.spooler.jobs.unfinished(id), { state: 'pending' }, what);
    await here.spooler.control.hold(id, 'indefinite');
  }
  t.equal(nodes.get('b')!.spool.usage().documents, 3);
});

t.test('what a scrub finds bad on another node is made again', async (t) => {
  const { own, nodes, peers } = await site(t, ['a', 'b'], { scrubEveryMs: 50 });
  const here = await own('a');
  await paused(here);
  const id = await submitJob(here.spooler, { printer: 'lp', content: 'good'.repeat(50_000) });
  const first = here.spooler.jobs.unfinished(id)?.documents[0]?.holders['b'];
  await spoil(nodes.get('b')!);
  await jobUntil(here.spooler.jobs, id, (job) => holdersOf(job) === 'a');
  const repaired = jobUntil(here.spooler.jobs, id, (job) => holdersOf(job) === 'a b');
  peers.become('b', 'alive');
  t.not((await repaired).documents[0]?.holders['b'], first);
});

t.test('documents of old jobs are deleted on every node', async (t) => {
  const { own, nodes } = await site(t, ['a', 'b']);
  const here = await own('a');
  await here.spooler.addPrinter({ name: 'lp', deviceUri: 'socket://192.0.2.1' });
  for (const content of ['x', 'y'.repeat(100_000)]) {
    const id = await submitJob(here.spooler, { printer: 'lp', content });
    await jobIs(here.spooler.jobs, id, 'completed');
    t.equal(nodes.get('b')!.spool.usage().documents, 1);
    await here.spooler.control.purge('lp');
    await nodes.get('a')!.documents.settled();
    for (const { spool } of nodes.values()) t.equal(spool.usage().documents, 0);
  }
});

/** A store whose answers to writes of job records are the test's: told before each, with the record; it may answer in the store's place. */
const overseen = (
  store: Store,
  oversee: (job: JobRecord, write: () => Promise<TxnResult>) => Promise<TxnResult>,
): Store => ({
  get: (key) => store.get(key),
  range: (prefix, options) => store.range(prefix, options),
  watch: (prefix, from, signal) => store.watch(prefix, from, signal),
  close: () => store.close(),
  txn: (compares, changes) => {
    const write = (): Promise<TxnResult> => store.txn(compares, changes);
    const put = changes.find((change) => 'put' in change && change.put.startsWith(keys.jobs('print')));
    return put === undefined || 'delete' in put ? write() : oversee(put.value as unknown as JobRecord, write);
  },
});

t.test('a copy that is being made again is needed before it is on record', async (t) => {
  const { own, peers } = await site(t, ['a', 'b']);
  const needed: (boolean | undefined)[] = [];
  const here = await own('a', {
    wrapStore: (store) =>
      overseen(store, async (job, write) => {
        const copy = job.documents[0]?.holders['b'];
        if (copy !== undefined) needed.push(await here.spooler.needs(job.id, { node: 'b', epoch: 1, file: copy }));
        return write();
      }),
  });
  await paused(here);
  peers.become('b', 'fenced');
  const id = await submitJob(here.spooler, { printer: 'lp' });
  peers.become('b', 'alive');
  await jobUntil(here.spooler.jobs, id, (job) => holdersOf(job) === 'a b');
  t.same(needed, [true]);
});

t.test('a copy that was fetched stays when it may be on record', async (t) => {
  const { own, nodes, peers } = await site(t, ['a', 'b', 'c']);
  const before = await own('a');
  await paused(before);
  const id = await submitJob(before.spooler, { printer: 'lp' });
  await before.crash();
  peers.become('a', 'fenced');
  let isWritten = (): void => {};
  const written = new Promise<void>((resolve) => (isWritten = resolve));
  const after = await own('c', {
    wrapStore: (store) =>
      overseen(store, async (job, write) => {
        if (job.documents[0]?.holders['c'] === undefined) return write();
        await write();
        after.disown();
        isWritten();
        return { outcome: 'unknown', cause: new Error('no answer') };
      }),
  });
  await written;
  await after.crash();
  t.match(holdersOf(await (await own('b')).spooler.jobs.find(id)), /c/);
  t.equal(nodes.get('c')!.spool.usage().documents, 1);
});

t.test('whoever may be deposed says of no copy that it is not needed', async (t) => {
  const { own } = await site(t, ['a', 'b']);
  const here = await own('a');
  const place = { node: 'b', epoch: 1, file: '1.1.0123456789abcdef' };
  t.equal(await here.spooler.needs(1, place), false);
  here.disown();
  t.equal(await here.spooler.needs(1, place), undefined);
});
