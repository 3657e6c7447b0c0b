// The quick start as `npm start` runs it, in a network of its own because its ports are fixed: every command that it prints
// is run as printed.

import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { hashOfFile } from '../support/big-file.js';
import { type NetworkNamespace, networkNamespaceNeeds, startNetworkNamespace } from '../support/network-namespace.js';
import { groupOn, type NodeProcess, startProcess, stateDirectory } from '../support/node-process.js';
import { skipWithout, which } from '../support/peers.js';
import { projectRoot } from '../support/sources.js';

const skip = skipWithout(...networkNamespaceNeeds);
const readme = path.join(projectRoot, 'README.md');

const start = (t: Test, place: NetworkNamespace, args: readonly string[], state: string): NodeProcess =>
  startProcess(t, [...place.enter, process.execPath, path.join(projectRoot, 'scripts', 'start.js'), ...args], {
    stateDirectory: state,
  });

/** The lines between `Print to it` and `ready` that are commands. */
const commandsIn = (banner: string): { readonly printing: readonly string[]; readonly looking: readonly string[] } => {
  const [, printing = '', looking = ''] = /^Print to it.*\n([^]*)^Look at it.*\n([^]*)^ready$/m.exec(banner) ?? [];
  const commands = (text: string): readonly string[] => text.split('\n').flatMap((line) => line.trim() || []);
  return { printing: commands(printing), looking: commands(looking) };
};

const printed = async (directory: string): Promise<readonly string[]> => {
  const files = (await readdir(directory)).filter((name) => name.endsWith('.prn')).sort();
  return Promise.all(files.map((name) => hashOfFile(path.join(directory, name))));
};

/** Runs each command as printed, where its program is there. */
const runAsPrinted = async (t: Test, place: NetworkNamespace, banner: string, papers: string): Promise<void> => {
  const { printing, looking } = commandsIn(banner);
  t.ok(printing.length >= 3 && looking.length >= 4, banner);
  const sha256 = await hashOfFile(readme);
  for (const command of [...printing, ...looking]) {
    const [program = ''] = command.split(' ');
    await t.test(command, which(program) === undefined ? { skip: `${program} is not installed` } : {}, async (t) => {
      const before = (await printed(papers)).length;
      const { status, stdout, stderr } = await place.run('sh', ['-c', command], { cwd: projectRoot });
      t.equal(status, 0, stdout + stderr);
      if (!printing.includes(command)) return;
      const deadline = performance.now() + 10_000;
      while ((await printed(papers)).length === before && performance.now() < deadline) await delay(50);
      t.same((await printed(papers)).slice(before), [sha256]);
    });
  }
};

const sockets = async (place: NetworkNamespace): Promise<string> => (await place.run('ss', ['-Hltun'])).stdout;

const stopsCleanly = async (t: Test, place: NetworkNamespace, node: NodeProcess, signal: NodeJS.Signals) => {
  t.same(await node.stop(signal), { status: 0, signal: null }, `${signal}: ${node.errors}`);
  t.match(node.output, /^stopped$/m);
  t.equal(await sockets(place), '', 'nothing listens any more');
};

t.test('npm start', skip, async (t) => {
  const place = await startNetworkNamespace(t);
  const state = await stateDirectory(t);
  const papers = path.join(state, 'printed');
  const first = start(t, place, ['--state', state], state);
  await first.ready();
  t.same(
    first.listening.map(({ protocol, port }) => `${protocol} ${port}`),
    ['ipp 8631', 'lpd 8515', 'lpd 515', 'snmp 8161', 'rest 8630'],
  );
  await runAsPrinted(t, place, first.output, papers);

  await t.test('a second one on the same ports and state is refused', async (t) => {
    const second = start(t, place, ['--state', state], state);
    t.same(await second.ended(), { status: 2, signal: null });
    t.match(second.errors, /127\.0\.0\.1:9100.*\nIs another quick start running\?.*--config FILE/);
  });

  await t.test('so is a node on the same state with ports of its own', async (t) => {
    const file = path.join(await stateDirectory(t), 'platen.yaml');
    await writeFile(file, JSON.stringify({ groups: { print: groupOn('127.0.0.1', {}) }, admin: { port: 0 } }));
    const second = start(t, place, ['--config', file, '--state', state], state);
    t.same(await second.ended(), { status: 2, signal: null });
    t.match(second.errors, `${path.join(state, 'store')} is in use by another process`);
  });

  await t.test('another node runs beside it with a configuration and a state of its own', async (t) => {
    const other = await stateDirectory(t);
    const file = path.join(other, 'other.yaml');
    const demo = { device: 'socket://127.0.0.1:9100' };
    await writeFile(file, JSON.stringify({ groups: { print: groupOn('127.0.0.1', { demo }) }, admin: { port: 0 } }));
    const second = start(t, place, ['--config', file, '--state', other], other);
    await second.ready();
    await runAsPrinted(t, place, second.output, papers);
    t.same(await second.stop('SIGTERM'), { status: 0, signal: null });
  });

  await stopsCleanly(t, place, first, 'SIGINT');
  t.same(await place.pids(), [], 'the printer emulator has ended too');

  const again = start(t, place, ['--state', state], state);
  await again.ready();
  await t.test('a second start goes on with ids and history', { ...skipWithout('lp', 'lpstat') }, async (t) => {
    const history = await place.run('lpstat', ['-h', '127.0.0.1:8631', '-W', 'completed', '-o', 'demo']);
    const ids = [...history.stdout.matchAll(/^demo-(\d+) /gm)].map(([, id]) => Number(id));
    t.ok(ids.includes(1) && ids.length >= commandsIn(first.output).printing.length, history.stdout);
    const { stdout } = await place.run('lp', ['-h', '127.0.0.1:8631', '-d', 'demo', readme]);
    const id = Number(/demo-(\d+)/.exec(stdout)?.[1]);
    t.ok(id > Math.max(...ids), `${id} is new`);
  });
  await stopsCleanly(t, place, again, 'SIGTERM');
  t.same(await place.pids(), [], 'the printer emulator has ended too');
});

t.test('a quick start that is told to stop while it starts leaves nothing behind', skip, async (t) => {
  const place = await startNetworkNamespace(t);
  const state = await stateDirectory(t);
  const node = start(t, place, ['--state', state], state);
  while (node.isRunning && !node.output.includes('The printer emulator listens')) await delay(2);
  await node.stop('SIGTERM');
  const deadline = performance.now() + 10_000;
  while ((await place.pids()).length > 0 && performance.now() < deadline) await delay(50);
  t.same(await place.pids(), []);
});
