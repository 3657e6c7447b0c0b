// Documents on two nodes: real spools and servers on this machine; nodes that hang, die and lie.

import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import type { Test } from 'tap';
import t from 'tap';
import type { StoredDocument } from '../../lib/model/document.js';
import { copyOn } from '../../lib/model/document.js';
import type { ListedDocument } from '../../lib/spool/sole-documents.js';
import { FakeClock } from '../support/fake-clock.js';
import { chunked, gather, key, MiB, octets, sha256 } from '../support/spool.js';
import { Peers, startNode, startStranger, type SpoolNode } from '../support/spool-nodes.js';

const stored = (listed: ListedDocument): StoredDocument => ({ number: 1, format: 'text/plain', ...listed });

const contentOn = (node: SpoolNode, document: ListedDocument): Promise<Buffer> =>
  gather(node.documents.read('sales', stored(document)));

/** Files of their own, temporary ones included; names only, for they may go while they are looked at. */
const documentsOn = async ({ directory }: SpoolNode): Promise<string[]> => {
  const names = await readdir(path.join(directory, 'documents'), { recursive: true });
  return names.filter((name) => /\d+\.\d+\.[0-9a-f]{16}/.test(name));
};

const start = async (t: Test, names: readonly string[], options = {}) => {
  const peers = new Peers();
  const nodes: SpoolNode[] = [];
  for (const name of names) nodes.push(await startNode(t, peers, name, options));
  await nodes[0]?.documents.openEpoch('sales', 1);
  return { peers, nodes, owner: nodes[0]! };
};

/** Lets time pass until the work is done. */
const passing = async <T>(clock: FakeClock, work: Promise<T>): Promise<T> => {
  let isDone = false;
  const done = work.finally(() => (isDone = true));
  done.catch(() => undefined);
  await clock.advanceUntil(() => isDone, { realMs: 5 });
  return done;
};

const eventually = async (holds: () => Promise<boolean> | boolean): Promise<void> => {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
};

for (const size of [0, 1, 10_000, 64 << 10, (64 << 10) + 1, 300_000, 5 * MiB])
  t.test(`${size} octets are on two nodes when they are received`, async (t) => {
    const { nodes, owner } = await start(t, ['a', 'b', 'c']);
    const content = octets(size);
    const document = await owner.documents.receive(key, chunked(content, 100_000), { expectedBytes: size });
    t.match(document, { epoch: 1, length: size, sha256: sha256(content) });
    t.same(Object.keys(document.holders).toSorted(), ['a', 'b']);
    for (const node of nodes.slice(0, 2)) t.ok((await contentOn(node, document)).equals(content), node.node);
    t.same(await documentsOn(nodes[2]!), [], 'no more than two');
    t.same(owner.events, []);
  });

t.test('64 small documents at once go in few requests and share few syncs over there', async (t) => {
  const { nodes, owner } = await start(t, ['a', 'b']);
  const other = nodes[1]!;
  await owner.documents.receive({ ...key, job: 1 }, chunked(octets(10), 10));
  let batches = 0;
  const append = other.spool.append.bind(other.spool);
  other.spool.append = (...given) => {
    batches += 1;
    return append(...given);
  };
  const contents = Array.from({ length: 64 }, (_, job) => octets(10_000 + job));
  const documents = await Promise.all(
    contents.map((content, job) => owner.documents.receive({ ...key, job: job + 2 }, chunked(content, 4_000))),
  );
  t.ok(batches <= 8, `${batches} batches`);
  for (const [index, document] of documents.entries())
    t.ok((await contentOn(other, document)).equals(contents[index]!), `document ${index}`);
});

t.test('a node that accepts connections and never answers is replaced in time, and is not asked again', async (t) => {
  const clock = new FakeClock();
  const { peers, owner, nodes } = await start(t, ['a', 'c'], { clock });
  const hung = await startStranger(t);
  const c = peers.all.get('c')!;
  peers.all.delete('c');
  peers.set({ node: 'b', address: hung.address, state: 'alive' });
  peers.set(c);
  for (const [job, size] of [100, 200_000].entries()) {
    const before = clock.monotonic();
    const document = await passing(clock, owner.documents.receive({ ...key, job }, chunked(octets(size), 50_000)));
    t.ok(clock.monotonic() - before < 3_000, 'it takes no longer than a node may');
    t.same(Object.keys(document.holders).toSorted(), ['a', 'c']);
    t.ok((await contentOn(nodes[1]!, document)).equals(octets(size)));
  }
  t.same(owner.events, ['peer-dropped'], 'told once');
});

t.test('a node that stops reading in the middle of a document is replaced while the client goes on', async (t) => {
  const clock = new FakeClock();
  const { peers, owner, nodes } = await start(t, ['a', 'c'], { clock });
  const c = peers.all.get('c')!;
  peers.all.delete('c');
  const stuck = await startStranger(t, (socket) => socket.once('data', () => socket.pause()));
  peers.set({ node: 'b', address: stuck.address, state: 'alive' });
  peers.set(c);
  const content = octets(40 * MiB);
  const client = new PassThrough();
  const receiving = owner.documents.receive(key, client, { expectedBytes: content.byteLength });
  const half = content.byteLength / 2;
  client.write(content.subarray(0, half));
  await clock.advanceUntil(() => owner.events.length > 0, { limitMs: 60_000, realMs: 5 });
  await eventually(async () => (await documentsOn(nodes[1]!)).length > 0);
  t.same(owner.events, ['peer-dropped'], 'dropped before the last octet');
  client.end(content.subarray(half));
  const document = await receiving;
  t.same(Object.keys(document.holders).toSorted(), ['a', 'c']);
  t.ok((await contentOn(nodes[1]!, document)).equals(content));
});

t.test('a client that sends slowly makes no node look slow', async (t) => {
  const clock = new FakeClock();
  const { owner, nodes } = await start(t, ['a', 'b'], { clock });
  const client = new PassThrough();
  const receiving = owner.documents.receive(key, client);
  client.write(octets(300_000));
  await eventually(async () => (await documentsOn(nodes[1]!)).length > 0);
  await clock.advance(60_000);
  client.end(octets(100));
  t.same(Object.keys((await receiving).holders).toSorted(), ['a', 'b']);
  t.same(owner.events, []);
});

t.test('a node that takes a document slowly, but takes it, is no node that hangs', async (t) => {
  const clock = new FakeClock();
  const { owner, nodes } = await start(t, ['a', 'b', 'c'], { clock });
  const { spool } = nodes[1]!;
  const receive = spool.receive.bind(spool);
  spool.receive = (given, source, options) => {
    async function* slowly(): AsyncGenerator<Uint8Array> {
      let taken = 0;
      for await (const chunk of source) {
        taken += chunk.byteLength;
        yield chunk;
        if (taken < MiB) continue;
        taken = 0;
        await clock.advance(500);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
    return receive(given, slowly(), options);
  };
  const document = await owner.documents.receive(key, chunked(octets(16 * MiB), MiB));
  t.same(Object.keys(document.holders).toSorted(), ['a', 'b']);
});

t.test('a node that dies in the middle of a document is replaced', async (t) => {
  const { owner, nodes } = await start(t, ['a', 'b', 'c']);
  const client = new PassThrough();
  const receiving = owner.documents.receive(key, client);
  client.write(octets(2 * MiB));
  await eventually(async () => (await documentsOn(nodes[1]!)).length > 0);
  await nodes[1]!.die();
  client.end(octets(MiB));
  const document = await receiving;
  t.same(Object.keys(document.holders).toSorted(), ['a', 'c']);
  t.equal((await contentOn(nodes[2]!, document)).byteLength, 3 * MiB);
  await eventually(async () => (await documentsOn(nodes[1]!)).length === 0);
});

t.test('a node that has seen other octets counts for nothing', async (t) => {
  const { peers, owner } = await start(t, ['a']);
  const liar = await startStranger(t, (socket) => {
    let seen = '';
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1');
      if (!seen.endsWith('0\r\n\r\n')) return;
      seen = '';
      const body = JSON.stringify({ file: `7.1.${'a'.repeat(16)}`, length: 200_000, sha256: 'b'.repeat(64) });
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    });
  });
  peers.set({ node: 'b', address: liar.address, state: 'alive' });
  await t.rejects(owner.documents.receive(key, chunked(octets(200_000), 50_000)), { code: 'too-few-copies' });
  t.same(await documentsOn(owner), []);
});

t.test('a client that goes away leaves nothing on any node', async (t) => {
  const { owner, nodes } = await start(t, ['a', 'b']);
  const client = new PassThrough();
  const receiving = owner.documents.receive(key, client);
  client.write(octets(2 * MiB));
  await eventually(async () => (await documentsOn(nodes[1]!)).length > 0);
  client.destroy(new Error('gone'));
  await t.rejects(receiving, /gone/);
  t.same(await documentsOn(owner), []);
  await eventually(async () => (await documentsOn(nodes[1]!)).length === 0);
});

t.test('what too few nodes took is nowhere', async (t) => {
  const { owner, peers, nodes } = await start(t, ['a', 'b', 'c'], { policy: { minCopies: 3 } });
  await nodes[2]!.die();
  for (const size of [10, 300_000]) {
    await t.rejects(owner.documents.receive(key, chunked(octets(size), 50_000)), { code: 'too-few-copies' });
    await owner.documents.settled();
    t.same(await documentsOn(owner), []);
    t.same(await documentsOn(nodes[1]!), []);
    t.equal(nodes[1]!.spool.usage().documents, 0);
  }
  peers.become('c', 'fenced');
  const document = await owner.documents.receive(key, chunked(octets(10), 10));
  t.same(Object.keys(document.holders).toSorted(), ['a', 'b'], 'the dead one does not count any more');
  t.same(owner.events, ['peer-dropped', 'copies-short']);
});

t.test('a node of a later epoch refuses, and its owner hears it', async (t) => {
  const { owner, nodes } = await start(t, ['a', 'b'], { server: { epochOf: async () => 2 } });
  for (const size of [10, 300_000])
    await t.rejects(owner.documents.receive(key, chunked(octets(size), 50_000)), { code: 'too-few-copies' });
  t.same(await readdir(path.join(nodes[1]!.directory, 'documents')), [], 'not even a directory');
});

t.test('a node that answers and yet takes nothing is tried ever more seldom', async (t) => {
  const clock = new FakeClock();
  const { owner, peers } = await start(t, ['a'], { clock });
  await startNode(t, peers, 'b', { spool: { limits: { reserveBytes: 2 ** 60, maxDocumentBytes: MiB } } });
  const tryIt = () => t.rejects(owner.documents.receive(key, chunked(octets(10), 10)), { code: 'too-few-copies' });
  for (const seconds of [1, 2, 4]) {
    await tryIt();
    await tryIt();
    const told = owner.events.length;
    t.equal(owner.events.at(-1), 'peer-dropped', 'told once');
    await clock.advance(seconds * 1_000 - 1);
    t.equal(owner.events.length, told, 'not yet');
    await clock.advance(1);
    await eventually(() => owner.events.length > told);
    t.equal(owner.events.at(-1), 'peer-back');
  }
});

t.test('a removed document is removed everywhere', async (t) => {
  const { owner, nodes } = await start(t, ['a', 'b']);
  for (const size of [10, 300_000]) {
    const document = stored(await owner.documents.receive(key, chunked(octets(size), 50_000)));
    await owner.documents.remove('sales', document);
    await owner.documents.settled();
    for (const { spool } of nodes) t.equal(spool.usage().documents, 0);
  }
});

t.test('a document is fetched from a node that has it, verified, and listed', async (t) => {
  const { owner, nodes } = await start(t, ['a', 'b', 'c']);
  const [, , c] = nodes;
  const signal = new AbortController().signal;
  await c!.documents.openEpoch('sales', 2);
  for (const size of [0, 10, 300_000]) {
    const document = stored(await owner.documents.receive(key, chunked(octets(size), 50_000)));
    t.notOk(c!.documents.isHere(document));
    const fetched = await c!.documents.replication.fetch({ ...key, epoch: 2 }, document, signal);
    t.same(Object.keys(fetched.holders).toSorted(), ['a', 'b', 'c']);
    t.match(fetched.holders['c'], /^2\//);
    t.equal(copyOn(fetched, 'c')?.epoch, 2);
    t.ok((await contentOn(c!, fetched)).equals(octets(size)));
  }
});

t.test('a document that no live node has says where it should be', async (t) => {
  const { owner, nodes, peers } = await start(t, ['a', 'b', 'c']);
  const signal = new AbortController().signal;
  const document = stored(await owner.documents.receive(key, chunked(octets(10), 10)));
  peers.become('a', 'fenced');
  await nodes[1]!.spool.remove('sales', copyOn(document, 'b')!);
  await nodes[2]!.documents.openEpoch('sales', 2);
  await t.rejects(nodes[2]!.documents.replication.fetch({ ...key, epoch: 2 }, document, signal), {
    code: 'document-damaged',
    message: /it is on a, not there now; not given by b/,
  });
  t.equal(nodes[2]!.spool.usage().documents, 0);
});

t.test('copies that are lacking are made again elsewhere', async (t) => {
  const { owner, peers, nodes } = await start(t, ['a', 'b', 'c']);
  const signal = new AbortController().signal;
  const document = stored(await owner.documents.receive(key, chunked(octets(300_000), 50_000)));
  t.equal(owner.documents.replication.lacks('sales', document), 'nothing');
  peers.become('b', 'fenced');
  t.equal(owner.documents.replication.lacks('sales', document), 'lost');
  const repaired = await owner.documents.replication.replicate(key, document, signal);
  t.same(Object.keys(repaired.holders).toSorted(), ['a', 'b', 'c']);
  t.equal(owner.documents.replication.lacks('sales', repaired), 'nothing');
  t.ok((await contentOn(nodes[2]!, repaired)).equals(octets(300_000)));
  await owner.documents.replication.forget('sales', document, repaired);
  await owner.documents.settled();
  t.equal(nodes[2]!.spool.usage().documents, 0);
});

t.test('a scrub that is broken off waits for no node', async (t) => {
  const { peers, owner } = await start(t, ['a', 'b']);
  const document = stored(await owner.documents.receive(key, chunked(octets(10), 10)));
  const { address, sockets } = await startStranger(t);
  peers.set({ node: 'b', address, state: 'alive' });
  const stop = new AbortController();
  const scrubbing = owner.documents.replication.scrub('sales', document, stop.signal);
  await eventually(() => sockets.size > 0);
  stop.abort();
  t.equal(await scrubbing, document);
});

t.test('a scrub lists no copy that is not what was received', async (t) => {
  const { owner, nodes } = await start(t, ['a', 'b']);
  const signal = new AbortController().signal;
  const document = stored(await owner.documents.receive(key, chunked(octets(10_000), 50_000)));
  t.equal(await owner.documents.replication.scrub('sales', document, signal), document);
  await nodes[1]!.spool.remove('sales', copyOn(document, 'b')!);
  t.same(Object.keys((await owner.documents.replication.scrub('sales', document, signal)).holders), ['a']);
});
