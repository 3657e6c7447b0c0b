// Nodes of different builds: a later minor version is understood, another major version is refused on either side.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { versionFault } from '../../lib/spool/peers/peer-version.js';
import { chunked, key, octets } from '../support/spool.js';
import { Peers, secret, startNode } from '../support/spool-nodes.js';

const headers = (version?: string): Record<string, string> => ({
  authorization: `Bearer ${secret}`,
  ...(version === undefined ? {} : { 'platen-peer': version }),
});

t.test('which versions are understood', async (t) => {
  for (const version of [undefined, '1.0', '1.1', '1.999']) t.equal(versionFault(version), undefined, `${version}`);
  for (const version of ['2.0', '0.9', '1', '', 'x', '1.1, 1.1']) t.type(versionFault(version), 'string', version);
  t.match(versionFault('2.0'), /it speaks version 2\.0 of the peer protocol, and this node speaks 1\./);
});

t.test('a node refuses requests of another major version, says why, and tells', async (t) => {
  const told: string[] = [];
  const node = await startNode(t, new Peers(), 'a', { server: { onOtherVersion: (because) => told.push(because) } });
  for (const version of [undefined, '1.0', '1.999']) {
    const response = await fetch(`${node.address}/v1/answer`, { headers: headers(version) });
    t.equal(response.status, 200, `${version}`);
    t.match(response.headers.get('platen-peer'), /^1\.\d+$/);
  }
  t.same(told, []);
  const refused = await fetch(`${node.address}/v1/answer`, { headers: headers('2.0') });
  t.equal(refused.status, 505);
  t.match(await refused.json(), { error: /version 2\.0/ });
  t.match(told, [/127\.0\.0\.1.*version 2\.0/]);
});

t.test('a document goes to another node when one answers in another major version', async (t) => {
  const peers = new Peers();
  const owner = await startNode(t, peers, 'a');
  const stranger = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'platen-peer': '2.0' }).end('{"files":["x"]}');
  });
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
  t.teardown(() => new Promise((resolve) => stranger.close(resolve)));
  peers.set({ node: 'b', address: `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`, state: 'alive' });
  await startNode(t, peers, 'c');
  await owner.documents.openEpoch('sales', 1);
  const { holders } = await owner.documents.receive(key, chunked(octets(100), 10));
  t.same(Object.keys(holders).toSorted(), ['a', 'c']);
  t.ok(owner.events.includes('peer-version'));
  t.ok(owner.events.includes('peer-dropped'));
});
