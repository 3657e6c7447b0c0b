// What a node says when it cannot start, and that it leaves nothing behind.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { networkNamespaceNeeds, startNetworkNamespace } from '../support/network-namespace.js';
import { startProcess, stateDirectory } from '../support/node-process.js';
import { skipWithout, startProgram } from '../support/peers.js';
import { projectRoot } from '../support/sources.js';

const skip = skipWithout(...networkNamespaceNeeds);
const platend = [process.execPath, path.join(projectRoot, 'dist', 'bin', 'platend.js')];

const taken: readonly { readonly name: string; readonly script: string; readonly says: RegExp }[] = [
  ...[8631, 8515, 8630].map((port) => ({
    name: `TCP port ${port}`,
    script: `require('net').createServer().listen(${port}, '127.0.0.1', () => console.log('up'))`,
    says: new RegExp(`^platend: cannot listen on 127\\.0\\.0\\.1:${port}: the port is in use$`, 'm'),
  })),
  {
    name: 'UDP port 8161',
    script: `require('dgram').createSocket('udp4').bind(8161, '127.0.0.1', () => console.log('up'))`,
    says: /^platend: cannot listen on 127\.0\.0\.1:8161: the port is in use$/m,
  },
];
t.test('a port that is in use', skip, async (t) => {
  for (const { name, script, says } of taken)
    await t.test(name, async (t) => {
      const place = await startNetworkNamespace(t);
      const [enter = '', ...rest] = place.enter;
      await startProgram(t, enter, [...rest, process.execPath, '-e', script], {
        isReady: (output) => output.includes('up'),
      });
      const state = await stateDirectory(t);
      const node = startProcess(t, [...place.enter, ...platend, '--state', state], { stateDirectory: state });
      t.same(await node.ended(), { status: 2, signal: null });
      t.match(node.errors, says);
      t.same((await place.pids()).length, 1, 'nothing of it is left');
    });
});

const wrong: readonly { readonly name: string; readonly text: string; readonly says: string }[] = [
  { name: 'no YAML', text: 'groups: {\n', says: 'platen.yaml:2:1: ' },
  { name: 'an unknown key', text: 'groups:\n  print:\n    adresses: [127.0.0.1]\n', says: 'platen.yaml:3:5: ' },
  {
    name: 'a device of one machine',
    text: 'groups:\n  print:\n    printers:\n      lobby: { device: "usb://HP" }\n',
    says: 'platen.yaml:4:24: ',
  },
  { name: 'a number out of bounds', text: 'admin: { port: 99999 }\n', says: 'platen.yaml:1:16: ' },
];
t.test('what is wrong in the configuration is said with its place', async (t) => {
  const directory = await stateDirectory(t);
  const file = path.join(directory, 'platen.yaml');
  for (const { name, text, says } of wrong)
    await t.test(name, async (t) => {
      await writeFile(file, text);
      const node = startProcess(t, [...platend, '--config', file], { stateDirectory: directory });
      t.same(await node.ended(), { status: 2, signal: null });
      t.match(node.errors, `${directory}/${says}`);
    });
});

t.test('npm start ends as the node ends that it started', async (t) => {
  const directory = await stateDirectory(t);
  const start = path.join(projectRoot, 'scripts', 'start.js');
  const file = path.join(directory, 'missing.yaml');
  const node = startProcess(t, [process.execPath, start, '--config', file], { stateDirectory: directory });
  t.same(await node.ended(), { status: 2, signal: null });
  t.match(node.errors, `platend: ${file}: the file cannot be read: `);
});
