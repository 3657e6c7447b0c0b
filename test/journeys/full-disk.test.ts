// A node whose disk is full: it refuses, prints what it has, and takes jobs again when there is room. Its state lies on a small
// tmpfs, mounted for the test alone.

import { once } from 'node:events';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { startDevice } from '../support/device.js';
import { LpdClient } from '../support/lpd-client.js';
import { startNode, stateDirectory } from '../support/node-process.js';
import { run, skipWithout } from '../support/peers.js';
import { temporaryDirectory } from '../support/temporary.js';

const MiB = 1 << 20;
const diskMiB = 96;
const reserveMiB = 32;

const smallDisk = async (t: Test): Promise<string> => {
  const directory = await stateDirectory(t);
  const { status, stderr } = await run('mount', ['-t', 'tmpfs', '-o', `size=${diskMiB}m`, 'tmpfs', directory]);
  if (status !== 0) throw new Error(`mount: ${stderr}`);
  t.teardown(() => run('umount', ['-l', directory]));
  return directory;
};

/** An IPP Print-Job request by hand that announces `length` octets, of which only the attributes are sent; resolves with the answer. */
const announce = async (port: number, length: number): Promise<Buffer> => {
  const attribute = (tag: number, name: string, value: string): Buffer => {
    const sized = (text: string) => [Buffer.from([text.length >> 8, text.length & 0xff]), Buffer.from(text)];
    return Buffer.concat([Buffer.from([tag]), ...sized(name), ...sized(value)]);
  };
  const head = Buffer.concat([
    Buffer.from([1, 1, 0, 2, 0, 0, 0, 1, 1]),
    attribute(0x47, 'attributes-charset', 'utf-8'),
    attribute(0x48, 'attributes-natural-language', 'en'),
    attribute(0x45, 'printer-uri', `ipp://127.0.0.1:${port}/printers/demo`),
    Buffer.from([3]),
  ]);
  const socket = connect(port, '127.0.0.1');
  socket.write(
    `POST /printers/demo HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/ipp\r\n` +
      `Content-Length: ${head.length + length}\r\n\r\n`,
  );
  socket.write(head);
  const [answer] = (await once(socket, 'data', { signal: AbortSignal.timeout(10_000) })) as [Buffer];
  socket.destroy();
  return answer;
};

/** `server-error-temporary-error` (RFC 8011). */
const temporaryError = '0505';

/** The IPP status in an HTTP answer, in hexadecimal. */
const statusOf = (answer: Buffer): string => {
  const body = answer.indexOf('\r\n\r\n') + 4;
  return answer.toString('hex', body + 2, body + 4);
};

t.test('a full disk', skipWithout('root', 'mount', 'lp', 'ipptool'), async (t) => {
  const { emulator, device } = await startDevice(t);
  const directory = await smallDisk(t);
  const node = await startNode(t, {
    stateDirectory: directory,
    printers: { demo: { device } },
    settings: { limits: { diskReserveBytes: `${reserveMiB} MiB` } },
  });
  const documents = await temporaryDirectory(t);
  const small = path.join(documents, 'small');
  await writeFile(small, Buffer.alloc(100_000, 'x'));
  const server = node.server();
  const uri = `ipp://${server}/printers/demo`;
  const lp = () => run('lp', ['-h', server, '-d', 'demo', small]);
  /** What a job of one data file is answered, step by step; ends at the first refusal. */
  const lpd = async (): Promise<readonly (number | 'closed')[]> => {
    const control = 'Hhost\nPuser\nldfA001host\nNsmall\n';
    const client = await LpdClient.open(node.port('lpd'));
    const answers: (number | 'closed')[] = [];
    for (const step of [
      '\x02demo\n',
      `\x02${control.length} cfA001host\n`,
      `${control}\0`,
      '\x0310 dfA001host\n',
      'a document\0',
    ]) {
      answers.push(await client.ask(step));
      if (answers.at(-1) !== 0) break;
    }
    client.close();
    return answers;
  };
  /** Documents, whole or in part. */
  const spoolFiles = async (): Promise<number> => {
    const all = await readdir(path.join(directory, 'documents'), { recursive: true, withFileTypes: true });
    return all.filter((entry) => entry.isFile()).length;
  };

  t.equal((await node.platen(['printer', 'pause', 'demo'])).status, 0);
  for (let jobs = 0; jobs < 3; jobs += 1) t.equal((await lp()).status, 0);
  const filesBefore = await spoolFiles();
  t.equal(filesBefore, 3);

  await t.test('a document that does not fit is refused before it is read', async (t) => {
    t.equal(statusOf(await announce(node.port('ipp'), 80 * MiB)), temporaryError);
  });

  await t.test('one of unknown length is refused when the room has run out, and leaves nothing behind', async (t) => {
    const big = path.join(documents, 'big');
    await writeFile(big, Buffer.alloc(80 * MiB, 'y'));
    const { status, stdout } = await run('ipptool', ['-tv', '-C', '-f', big, uri, 'print-job.test']);
    t.not(status, 0);
    t.match(stdout, /server-error-temporary-error/);
    t.equal(await spoolFiles(), filesBefore);
  });

  const ballast = path.join(directory, 'ballast');
  await writeFile(ballast, Buffer.alloc((diskMiB - reserveMiB) * MiB));
  await delay(1_100); // The node looks at its disk once a second.

  await t.test('new jobs are refused', async (t) => {
    const refused = await lp();
    t.not(refused.status, 0);
    t.match(await run('ipptool', ['-tv', '-f', small, uri, 'print-job.test']), {
      stdout: /server-error-temporary-error/,
    });
    t.match(String((await lpd()).at(-1)), /^[1-9]/, 'LPD answers with an octet other than zero');
    t.equal((await node.jobs()).length, 3);
    t.equal(await spoolFiles(), filesBefore, 'no temporary file');
  });

  await t.test('waiting jobs print on', async (t) => {
    t.equal((await node.platen(['printer', 'resume', 'demo'])).status, 0);
    for (const id of [1, 2, 3]) t.match(await node.completed(id), { attempts: [{ result: 'delivered' }] });
    t.equal(emulator.jobs.length, 3);
  });

  await t.test('with room again, jobs are taken again', async (t) => {
    await rm(ballast);
    await delay(1_100);
    t.equal((await lp()).status, 0);
    t.same(await lpd(), [0, 0, 0, 0, 0]);
    await emulator.nextJob();
    t.equal((await node.jobs()).filter(({ origin }) => origin.protocol === 'lpd').length, 1);
  });
});
