// Documents of every size over LPD, by clients of other makers; and what becomes of a node that cannot have port 515.

import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import path from 'node:path';
import t, { type Test } from 'tap';
import { writeBigFile } from '../support/big-file.js';
import { loopbackAddress, startDevice } from '../support/device.js';
import { groupOn, type NodeProcess, startNode, stateDirectory } from '../support/node-process.js';
import { run, type RunResult, skipWithout } from '../support/peers.js';
import { temporaryDirectory } from '../support/temporary.js';

const lengths = [0, 1, 10_000, 100_000_000] as const;
/** For clients whose like has sent the largest in the same order already. */
const lesserLengths: readonly number[] = [0, 1, 10_000];

interface Place {
  readonly node: NodeProcess;
  readonly file: string;
}

const backEnd = '/usr/lib/cups/backend/lpd';

const rlpr =
  (...options: readonly string[]) =>
  ({ node, file }: Place): Promise<RunResult> =>
    run('rlpr', [...options, '-H', node.listener('lpd').address, '-P', 'demo', file]);

const cups =
  (order: string) =>
  ({ node, file }: Place): Promise<RunResult> => {
    const { address, port } = node.listening.findLast(({ protocol }) => protocol === 'lpd') ?? node.listener('lpd');
    const env = { DEVICE_URI: `lpd://${address}:${port}/demo?order=${order}&reserve=none`, TMPDIR: path.dirname(file) };
    return run(backEnd, ['1', 'user', 'title', '1', '', file], { env });
  };

const clients: readonly {
  readonly name: string;
  readonly needs: readonly string[];
  readonly sizes: readonly number[];
  readonly send: (place: Place) => Promise<RunResult>;
}[] = [
  { name: 'rlpr, control file first', needs: ['root', 'rlpr'], sizes: lengths, send: rlpr() },
  { name: 'rlpr, data file first', needs: ['root', 'rlpr'], sizes: lesserLengths, send: rlpr('--send-data-first') },
  { name: 'CUPS back end, control file first', needs: [backEnd], sizes: lesserLengths, send: cups('control,data') },
  { name: 'CUPS back end, data file first', needs: [backEnd], sizes: lengths, send: cups('data,control') },
];

/** One printer `demo` behind LPD at an address of its own. */
const startLpdNode = (t: Test, device: string, lpd: object): Promise<NodeProcess> => {
  const group = { ...groupOn(loopbackAddress(), { demo: { device } }), lpd };
  return startNode(t, { config: { groups: { print: group }, admin: { port: 0 } } });
};

t.test('documents come out as they went in', async (t) => {
  const { emulator, device } = await startDevice(t);
  // rlpr knows no other port than 515.
  const ports = process.getuid?.() === 0 ? [515, 0] : [0];
  const node = await startLpdNode(t, device, { ports });
  const directory = await temporaryDirectory(t);
  const files = await Promise.all(
    lengths.map(async (length) => {
      const file = path.join(directory, `document-${length}`);
      return { length, file, sha256: await writeBigFile(file, length) };
    }),
  );
  let jobs = 0;
  for (const { name, needs, sizes, send } of clients)
    await t.test(name, skipWithout(...needs), async (t) => {
      for (const { length, file, sha256 } of files.filter((one) => sizes.includes(one.length))) {
        const ran = await send({ node, file });
        t.equal(ran.status, 0, `${length} octets: ${ran.stdout}${ran.stderr}`);
        t.match(await emulator.nextJob(20_000), { length, sha256, whole: true });
        jobs += 1;
        t.match(await node.completed(jobs), { origin: { protocol: 'lpd' }, attempts: [{ evidence: 'confirmed' }] });
      }
    });
  t.equal(emulator.jobs.length, jobs);
});

t.test('rlpq shows what waits, and lpstat shows the same', skipWithout('root', 'rlpr', 'rlpq', 'lpstat'), async (t) => {
  const { emulator, device } = await startDevice(t);
  const node = await startLpdNode(t, device, { ports: [515] });
  const file = path.join(await temporaryDirectory(t), 'letter');
  await writeBigFile(file, 1_000);
  const { address } = node.listener('lpd');
  t.equal((await node.platen(['printer', 'pause', 'demo'])).status, 0);
  t.equal((await run('rlpr', ['-H', address, '-P', 'demo', file])).status, 0);
  t.match((await run('rlpq', ['-H', address, '-P', 'demo'])).stdout, /1st .* 1 .*letter .*1000 bytes/);
  t.match((await run('lpstat', ['-h', node.server(), '-o', 'demo'])).stdout, /^demo-1 /);
  t.equal((await node.platen(['printer', 'resume', 'demo'])).status, 0);
  await emulator.nextJob();
  await node.completed(1);
  t.match((await run('rlpq', ['-H', address, '-P', 'demo'])).stdout, /no entries/);
});

t.test('where port 515 is taken, a node that can do without it starts and says so', skipWithout('root'), async (t) => {
  const address = loopbackAddress();
  const other = createServer().listen(515, address);
  t.teardown(() => other.close());
  const group = { ...groupOn(address, {}), lpd: { ports: [0], optionalPorts: [515] } };
  const node = await startNode(t, { config: { groups: { print: group }, admin: { port: 0 } } });
  t.match(
    node.errors,
    /"address":"127\.[^"]*","port":515,"code":"EADDRINUSE","msg":"an optional LPD port cannot be had"/,
  );
  t.equal(node.listening.filter(({ protocol }) => protocol === 'lpd').length, 1);
});

t.test('where port 515 is forbidden, too', skipWithout('root', 'setpriv'), async (t) => {
  const group = { ...groupOn(loopbackAddress(), {}), lpd: { ports: [0], optionalPorts: [515] } };
  const directory = await stateDirectory(t);
  spawnSync('chown', ['65534', directory]);
  const node = await startNode(t, {
    config: { groups: { print: group }, admin: { port: 0 } },
    stateDirectory: directory,
    within: ['setpriv', '--reuid=65534', '--clear-groups', '--inh-caps=-all', '--bounding-set=-all'],
  });
  t.match(node.errors, /"port":515,"code":"EACCES","msg":"an optional LPD port cannot be had"/);
});
