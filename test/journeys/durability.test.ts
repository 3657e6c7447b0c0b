// R3, seen from outside: in a trace of the built server everything is synced before each acknowledgement; a server with a mistake is caught.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { mutantCommand } from '../mutants/names.js';
import { contentOf } from '../support/campaign/documents.js';
import { callIpp } from '../support/campaign/ipp-client.js';
import { sendLpd } from '../support/campaign/lpd-sender.js';
import { writeNodeConfig } from '../support/campaign/node-config.js';
import { builtNode, NodeRunner } from '../support/campaign/node-runner.js';
import { listJobs, showJob } from '../support/campaign/rest.js';
import { type Acknowledgement, SyncCheck } from '../support/durability-check.js';
import { freePort, skipWithout } from '../support/peers.js';
import { callsIn, straceOf } from '../support/strace.js';
import { temporaryDirectory } from '../support/temporary.js';

const manySizes = [0, 1, 10_240, 70_000, 300_000, 9_000_000] as const;
const fewSizes = [0, 70_000] as const;

interface Load {
  /** Octets of documents that are sent one after the other, each in every way. */
  readonly sizes: readonly number[];
  /** Jobs that are sent all at once after that. */
  readonly together: number;
}
const printer = 'raw';

type Told = Omit<Acknowledgement, 'job'> & { readonly job?: number };

/** What was acknowledged. */
const sendJobs = async (node: NodeRunner, { sizes, together }: Load): Promise<readonly Acknowledgement[]> => {
  const { ipp, lpd } = await node.ready();
  const target = { port: ipp, printer, agent: false } as const;
  const told: Told[] = [];
  const printJob = async (name: string, size: number): Promise<void> => {
    const reply = await callIpp(target, { operation: 'print-job', jobName: name, document: contentOf(name, 1, size) });
    told.push({ clientPort: reply.localPort, protocol: 'ipp', name, documents: [1], job: reply.id! });
  };
  const createJob = async (name: string, size: number): Promise<void> => {
    const created = await callIpp(target, { operation: 'create-job', jobName: name });
    const job = created.id!;
    told.push({ clientPort: created.localPort, protocol: 'ipp', name, documents: [], job });
    for (const number of [1, 2]) {
      const document = contentOf(name, number, size);
      const reply = await callIpp(target, {
        operation: 'send-document',
        job,
        document,
        last: number === 2,
        gzip: true,
      });
      told.push({ clientPort: reply.localPort, protocol: 'ipp', name, documents: [number], job });
    }
  };
  const lpdJob = async (name: string, size: number): Promise<void> => {
    const dataFirst = size % 3 === 0;
    const reply = await sendLpd({ port: lpd }, { printer, name, document: contentOf(name, 1, size), dataFirst });
    if (reply.answer !== 'acknowledged') throw new Error(`${name}: ${reply.detail}`);
    told.push({ clientPort: reply.localPort, protocol: 'lpd', name, documents: [1] });
  };
  for (const size of sizes)
    for (const [way, send] of Object.entries({ printJob, createJob, lpdJob })) await send(`${way}-${size}`, size);
  await Promise.all(
    Array.from({ length: together }, (_, n) => [printJob, createJob, lpdJob][n % 3]!(`together-${n}`, 400 * n)),
  );
  const names = new Map<string, number>();
  for (const { id } of await listJobs(node, 'all')) names.set((await showJob(node, id)).name, id);
  return told.map((one) => ({ ...one, job: one.job ?? names.get(one.name)! }));
};

/** Runs a node under strace while jobs are sent; what its trace says of each acknowledgement. */
const traced = async (t: Test, command: readonly string[], load: Load) => {
  const directory = await temporaryDirectory(t);
  const trace = path.join(directory, 'trace');
  const port = await freePort();
  // Nobody listens there: the jobs stay.
  await writeNodeConfig({ directory, devices: { [printer]: `socket://127.0.0.1:${port}` }, devicePorts: [port] });
  const node = new NodeRunner({ directory, command: [...straceOf(trace), ...command] });
  t.teardown(() => node.close());
  node.spawn();
  const acknowledged = await sendJobs(node, load);
  await node.stop();
  await node.gone();
  const check = new SyncCheck(callsIn(await wholeTrace(trace)));
  return { acknowledged, check, unsynced: acknowledged.flatMap((one) => check.unsynced(one)) };
};

/** The tracer ends a little after what it traced. */
const wholeTrace = async (file: string): Promise<string> => {
  for (let size = -1; ; ) {
    const text = await readFile(file, 'utf8');
    if (text.length === size) return text;
    size = text.length;
    await pause(300);
  }
};

t.test('every acknowledgement of the built server comes after its syncs', skipWithout('strace'), async (t) => {
  const { acknowledged, check, unsynced } = await traced(t, [process.execPath, builtNode], {
    sizes: manySizes,
    together: 48,
  });
  const documents = acknowledged.flatMap((one) => one.documents);
  t.equal(acknowledged.length, manySizes.length * 5 + 80);
  t.strictSame(unsynced, [], `${acknowledged.length} acknowledgements`);
  t.ok(
    check.directorySyncs < documents.length,
    `${check.directorySyncs} syncs of directories served ${documents.length} documents`,
  );
});

/** Each with what is not on disk, and how many of 20 acknowledgements it spoils. */
const mistakes = [
  ['answers-before-sync', 'document', 16],
  ['syncs-no-directory', 'name', 16],
  ['answers-before-commit', 'record', 12],
] as const;

for (const [mutant, what, spoilt] of mistakes)
  t.test(`a server that ${mutant.replaceAll('-', ' ')} is caught`, skipWithout('strace'), async (t) => {
    const { acknowledged, unsynced } = await traced(t, mutantCommand(mutant), { sizes: fewSizes, together: 6 });
    t.equal(acknowledged.length, 20);
    t.equal(unsynced.filter((one) => one.what === what).length, spoilt);
  });
