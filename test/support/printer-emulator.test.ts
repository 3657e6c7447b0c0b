import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { octets, sha256 } from './delivery.js';
import { PageCounter } from './page-counter.js';
import { startPrinterEmulator, type Behaviour } from './printer-emulator.js';

const folder = (): string => mkdtempSync(path.join(os.tmpdir(), 'platen-emulator-'));

const printer = async (test: Test, behaviour: Partial<Behaviour> = {}) => {
  const emulator = await startPrinterEmulator({ directory: folder(), behaviour });
  test.teardown(() => emulator.close());
  return emulator;
};

/** Sends a job as any client does; resolves with what came back, or the error's code. */
const send = (port: number, content: Uint8Array | string): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let heard = '';
    socket.on('data', (chunk) => (heard += chunk.toString('latin1')));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
    socket.on('end', () => {
      socket.destroy();
      resolve(heard);
    });
    socket.end(content);
  });

t.test('each connection becomes a numbered file, and the numbers go on', async (test) => {
  const directory = folder();
  writeFileSync(path.join(directory, '0041.prn'), 'old');
  const emulator = await startPrinterEmulator({ directory, lifeCount: 100 });
  const content = octets(3 << 20);
  await send(emulator.port, 'one\f');
  await send(emulator.port, content);
  test.match(await emulator.nextJob(), { number: 42, length: 4, whole: true, pages: 1, sourceAddress: '127.0.0.1' });
  const second = await emulator.nextJob();
  test.match(second, { number: 43, length: content.length, sha256: sha256(content) });
  test.ok(readFileSync(second.file).equals(content));
  test.same(readdirSync(directory).sort(), ['0041.prn', '0042.prn', '0043.prn']);
  test.ok(emulator.state.lifeCount >= 101);
  await emulator.close();
});

t.test('a client that resets did not send a whole job', async (test) => {
  const emulator = await printer(test);
  for (const pause of [0, 30]) {
    const socket = connect(emulator.port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    await new Promise((resolve) => socket.write('half', resolve));
    if (pause > 0) while (emulator.bytesInFlight === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    socket.resetAndDestroy();
    test.match(await emulator.nextJob(), { whole: false });
  }
});

t.test('status follows what happens: idle, printing, paper out, idle', async (test) => {
  const emulator = await printer(test, { stopAfter: 3 });
  test.match(emulator.state, { status: 'idle', detectedErrors: [], display: 'Ready' });
  const sending = send(emulator.port, 'hello');
  while (emulator.state.detectedErrors.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  test.match(emulator.state, { status: 'other', detectedErrors: ['noPaper'] });
  emulator.raise('lowToner');
  emulator.resume();
  await sending;
  test.match(emulator.state, { status: 'idle', detectedErrors: ['lowToner'], display: 'lowToner' });
});

t.test('PJL is answered', async (test) => {
  const emulator = await printer(test);
  const job = [
    '\x1b%-12345X@PJL USTATUS JOB = ON',
    '@PJL USTATUS PAGE = ON',
    '@PJL INFO ID',
    '@PJL INFO STATUS',
    '@PJL INFO PAGECOUNT',
    '@PJL ECHO mark',
    '@PJL JOB NAME = "x"',
    '@PJL ENTER LANGUAGE = PCL',
    'a\fb\f\x1b%-12345X@PJL EOJ',
    '\x1b%-12345X',
  ].join('\r\n');
  const heard = (await send(emulator.port, job)).split('\f').map((message) => message.replaceAll('\r\n', '|'));
  test.same(heard, [
    '@PJL INFO ID|"Platen Printer Emulator"|',
    '@PJL INFO STATUS|CODE=10023|DISPLAY="Processing"|ONLINE=TRUE|',
    '@PJL INFO PAGECOUNT|0|',
    '@PJL ECHO mark|',
    '@PJL USTATUS JOB|START|NAME="x"|',
    '@PJL USTATUS PAGE|1|',
    '@PJL USTATUS PAGE|2|',
    '@PJL USTATUS JOB|END|NAME="x"|PAGES=2|',
    '',
  ]);
});

const documents: readonly [string, string, number][] = [
  ['nothing', '', 0],
  ['a line of text', 'hello\n', 1],
  ['two pages of text', 'a\fb', 2],
  ['text that ends in a form feed', 'a\fb\f', 2],
  ['PostScript with page comments', '%!PS-Adobe-3.0\n%%Page: 1 1\nshowpage\n%%Page: 2 2\nshowpage\n', 2],
  ['PostScript without', '%!PS\n0 0 moveto\nshowpage\n', 1],
  ['a PDF', '%PDF-1.4\n<< /Type /Pages /Count 2 >>\n<< /Type /Page >>\n<</Type/Page/Parent 1 0 R>>', 2],
];

for (const [name, text, pages] of documents)
  t.test(`${name}: ${pages} pages`, async (test) => {
    for (const [padding, size] of [
      [0, 1],
      [0, 1000],
      [9000, 7],
    ] as const) {
      // The mark of a language is looked for at the start only, so what is put in goes behind it.
      const at = Math.min(text.length, 9);
      const padded = text === '' ? '' : `${text.slice(0, at)}${' '.repeat(padding)}${text.slice(at)}`;
      const counter = new PageCounter();
      for (let from = 0; from < padded.length; from += size) counter.push(Buffer.from(padded.slice(from, from + size)));
      test.equal(counter.end(), pages, `padding ${padding}, pieces of ${size}`);
    }
  });

t.test('closing leaves nothing open', async (test) => {
  const before = readdirSync('/proc/self/fd').length;
  const emulator = await startPrinterEmulator({ directory: folder(), behaviour: { oneAtATime: true, stopAfter: 1 } });
  const clients = [send(emulator.port, 'first'), send(emulator.port, 'second')];
  while (emulator.connections < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  await emulator.close();
  await Promise.all(clients);
  await new Promise((resolve) => setImmediate(resolve));
  test.ok(readdirSync('/proc/self/fd').length <= before);
  test.equal(await send(emulator.port, 'x'), 'ECONNREFUSED');
});

const program = fileURLToPath(new URL('printer-emulator-main.js', import.meta.url));

t.test('as a process of its own it says when it is ready, and what it printed', async (test) => {
  const child = spawn(process.execPath, [program, '--port', '0', '--directory', folder(), '--one-at-a-time']);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const ready = /^ready 127\.0\.0\.1:(\d+)$/.exec((await lines.next()).value as string);
  await send(Number(ready?.[1]), 'hello');
  test.match(JSON.parse((await lines.next()).value as string), {
    number: 1,
    length: 5,
    whole: true,
    sha256: sha256('hello'),
  });
  child.kill('SIGTERM');
  test.equal(await new Promise((resolve) => child.once('exit', resolve)), 0);
});

t.test('it ends when whoever started it was gone before it had loaded itself', async (test) => {
  const child = spawn(process.execPath, [program, '--port', '0', '--directory', folder()], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  test.teardown(() => child.kill('SIGKILL'));
  child.disconnect();
  test.equal(await new Promise((resolve) => child.once('exit', resolve)), 0);
});

t.test('wrong arguments are refused in words', async (test) => {
  for (const args of [['--port', 'x'], ['--nonsense'], ['--on-half-close', 'maybe']]) {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk) => (said += String(chunk)));
    test.equal(await new Promise((resolve) => child.once('close', resolve)), 2);
    test.match(said, /^printer-emulator-main: /);
  }
});
