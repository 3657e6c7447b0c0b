// The peers themselves: each starts, does what it is for, and is gone at the end.

import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { cupsdNeeds, startCupsd } from './cupsd.js';
import { startIppPrinterPeer } from './ipp-printer.js';
import { ippEvePrinterNeeds, startIppEvePrinter } from './ippeveprinter.js';
import { p910ndNeeds, startP910nd } from './p910nd.js';
import { accepts, run, skipWithout, startProgram, which } from './peers.js';

const until = async (holds: () => Promise<boolean> | boolean, withinMs = 15_000): Promise<boolean> => {
  for (const deadline = performance.now() + withinMs; performance.now() < deadline; await delay(50))
    if (await holds()) return true;
  return false;
};

t.test('a program that is not there is named in the reason to skip', async (t) => {
  t.equal(which('no-such-program'), undefined);
  t.same(skipWithout('sh', 'no-such-program'), { skip: 'no-such-program is not installed' });
  t.same(skipWithout('sh'), {});
});

t.test('a run has status, output and input', async (t) => {
  t.same(await run('sh', ['-c', 'cat; echo bad >&2; exit 3'], { input: 'in' }), {
    status: 3,
    stdout: 'in',
    stderr: 'bad\n',
  });
  t.equal((await run('sh', ['-c', 'sleep 60 & wait'], { timeoutMs: 200 })).status, 124);
  t.equal((await run('sh', ['-c', 'echo $X'], { env: { X: 'y' } })).stdout, 'y\n');
  await t.rejects(run('no-such-program', []), { message: 'no-such-program is not installed' });
});

t.test('a program that ends before it is ready is an error with its output', async (t) => {
  await t.rejects(startProgram(t, 'sh', ['-c', 'echo why; exit 1'], { isReady: () => false }), {
    message: /ended before it was ready:\nwhy/,
  });
});

t.test('a stopped program takes its children with it', async (t) => {
  const program = await startProgram(t, 'sh', ['-c', 'sleep 100 & echo $!; wait'], {
    isReady: (output) => output.endsWith('\n'),
  });
  const child = Number(program.output());
  t.doesNotThrow(() => process.kill(child, 0));
  await program.stop();
  t.notOk(program.isRunning());
  t.ok(await until(() => isGone(child)));
});

const isGone = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
};

t.test('p910nd copies a connection to its device', skipWithout(...p910ndNeeds), async (t) => {
  const device = await startP910nd(t);
  const socket = connect(device.port, device.host);
  socket.end('hello');
  await text(socket);
  t.ok(await until(async () => (await device.received()).toString() === 'hello'));
  await device.stop();
  t.notOk(await accepts(device.port, device.host));
});

const printJob = `{
NAME "Print-Job"
VERSION 1.1
OPERATION Print-Job
GROUP operation-attributes-tag
ATTR charset attributes-charset utf-8
ATTR language attributes-natural-language en
ATTR uri printer-uri $uri
ATTR name requesting-user-name $user
ATTR mimeMediaType document-format application/pdf
FILE $filename
STATUS successful-ok
}
`;

/** A document and a test that prints it. */
const printFiles = (
  t: { testdir(content: Record<string, string>): string },
  document: string,
): { file: string; test: string } => {
  const folder = t.testdir({ 'a.pdf': document, 'print.test': printJob });
  return { file: path.join(folder, 'a.pdf'), test: path.join(folder, 'print.test') };
};

t.test('ipp-printer takes a job over IPP/1.1', skipWithout('ipptool'), async (t) => {
  const peer = await startIppPrinterPeer(t);
  const { file, test } = printFiles(t, '%PDF-1.4 peer');
  const { stdout } = await run('ipptool', ['-tv', '-V', '1.1', '-f', file, peer.uri, test]);
  t.match(stdout, /successful-ok/);
  t.ok(
    await until(async () => (await peer.documents()).some((document) => document.equals(Buffer.from('%PDF-1.4 peer')))),
  );
});

t.test('ippeveprinter takes a job', skipWithout('ipptool', ...ippEvePrinterNeeds), async (t) => {
  const printer = await startIppEvePrinter(t);
  const { file, test } = printFiles(t, '%PDF-1.4 everywhere');
  const { status, stdout } = await run('ipptool', ['-tv', '-f', file, printer.uri, test]);
  t.equal(status, 0, stdout);
  t.ok(
    await until(async () =>
      (await printer.documents()).some((document) => document.equals(Buffer.from('%PDF-1.4 everywhere'))),
    ),
    printer.output(),
  );
});

t.test('a private cupsd forwards to a device', skipWithout('lp', ...cupsdNeeds, ...p910ndNeeds), async (t) => {
  const device = await startP910nd(t);
  const cupsd = await startCupsd(t);
  await cupsd.addPrinter('fwd', device.uri);
  const file = path.join(t.testdir(), 'a.bin');
  await writeFile(file, 'through cups');
  const { status, stderr } = await run('lp', ['-h', cupsd.server, '-d', 'fwd', '-o', 'raw', file]);
  t.equal(status, 0, stderr);
  t.ok(await until(async () => (await device.received()).toString() === 'through cups'), await cupsd.errorLog());
  await cupsd.stop();
  t.notOk(await accepts(cupsd.port));
});
