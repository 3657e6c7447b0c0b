// npm run demo:cluster: what a cluster is for, on one machine and without privileges. Ends with a summary and exit status 0, or says what failed.

import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { JobDetailAnswer } from '../../lib/admin/job-answers.js';
import { ownHost } from '../support/etcd.js';
import { freePort } from '../support/peers.js';
import { startPrinterEmulator, type PrintedJob } from '../support/printer-emulator.js';
import { asked, type DemoNode, killNode, platen, prepareNodes, startNode, stopNode } from './nodes.js';
import { printPatiently } from './printing.js';

const usage = `Usage: npm run demo:cluster [-- --keep]

Three nodes, three members of etcd and a printer emulator on loopback: prints, kills the owner in the middle of a document,
moves the group, drains a node.

  --keep   leaves the nodes' folder behind
`;

const say = (text: string): void => void process.stdout.write(`\n── ${text}\n`);
const sha256 = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex');

const completed = async (node: DemoNode, id: number): Promise<JobDetailAnswer> => {
  for (;;) {
    const job = await asked<JobDetailAnswer>(node, `job show ${id}`);
    if (job.state === 'completed') return job;
    await pause(200);
  }
};

const story = async (folder: string, opened: (() => Promise<unknown>)[]): Promise<readonly string[]> => {
  const printed: PrintedJob[] = [];
  const printer = await startPrinterEmulator({
    directory: path.join(folder, 'paper'),
    behaviour: { oneAtATime: true, bytesPerSecond: 4_000_000 },
    onJob: (job) => printed.push(job),
  });
  opened.push(() => printer.close());
  const nodes = await prepareNodes(folder, printer.port);
  const [a, b, c] = nodes as readonly [DemoNode, DemoNode, DemoNode];
  opened.push(() => Promise.all(nodes.map(stopNode)));
  const server = { address: ownHost, port: await freePort(), printer: 'laser' };

  say('Three nodes start, each with a member of etcd beside it.');
  await Promise.all(nodes.map(startNode));
  await platen(b, 'cluster status');

  say('A virtual server with an address of its own, and a printer that takes 4 MB a second.');
  const ports = `--ipp-port ${server.port} --lpd-port ${await freePort()}`;
  await platen(b, `group create sales --address ${server.address} --name sales.example --preferred a,b,c ${ports}`);
  while (!/^sales\s+a\b/m.test(await platen(c, 'cluster status'))) await pause(200);
  await platen(c, `printer add laser --device socket://127.0.0.1:${printer.port}`);

  say(`A client prints to ${server.address}:${server.port}: acknowledged when the document is on two nodes.`);
  const letter = randomBytes(20_000);
  const first = await printPatiently(server, letter);
  await completed(c, first.job);
  await platen(c, `job show ${first.job}`);

  say('A long document is being sent when its node dies: supervisor, worker and member of etcd at once.');
  // More than the kernel's buffers hold: on loopback nothing takes back what lies in them.
  const book = randomBytes(24_000_000);
  const long = await printPatiently(server, book);
  while ((await asked<JobDetailAnswer>(c, `job show ${long.job}`)).state !== 'processing') await pause(50);
  await pause(1_000);
  await killNode(a);
  say('Node a is dead. The client goes on printing to the same address.');
  const next = await printPatiently(server, letter);
  process.stdout.write(`accepted as job ${next.job}, ${(next.ms / 1000).toFixed(2)} s after the death\n`);
  await platen(c, 'history sales');
  const again = await completed(c, long.job);
  await completed(c, next.job);
  await platen(c, `job show ${long.job}`);

  say('Node a comes back. The group is moved by hand, then its node is drained.');
  await startNode(a);
  await platen(a, 'group move sales --to c');
  await platen(a, 'node drain c');
  const last = await printPatiently(server, letter);
  await completed(a, last.job);
  await platen(a, 'node resume c');
  await platen(b, 'history sales');

  const whole = printed.filter((job) => job.whole);
  const times = (octets: Uint8Array): number => whole.filter((job) => job.sha256 === sha256(octets)).length;
  if (times(letter) !== 3 || times(book) !== 1)
    throw new Error(`the printer has ${times(letter)} of 3 letters and ${times(book)} of 1 books`);
  return [
    'acknowledged and printed whole, each once: 4 of 4 documents',
    `the interrupted document kept its id ${long.job}; it took ${again.attemptCount} attempts`,
    `accepting again ${(next.ms / 1000).toFixed(2)} s after the death of the owner`,
  ];
};

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: { keep: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const folder = await mkdtemp(path.join(tmpdir(), 'platen-demo-'));
  const opened: (() => Promise<unknown>)[] = [];
  let isFine = false;
  try {
    const summary = await story(folder, opened);
    say(`Summary\n${summary.map((line) => `   ${line}`).join('\n')}`);
    isFine = true;
  } catch (error) {
    process.stderr.write(`\ndemo: ${(error as Error).message}\n`);
  }
  for (const close of opened.reverse()) await close();
  if (values.keep || !isFine) process.stdout.write(`\nthe nodes' folder: ${folder}\n`);
  else await rm(folder, { recursive: true, force: true });
  return isFine ? 0 : 1;
};

process.exitCode = await main();
