import { mkdtempSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import os, { endianness } from 'node:os';
import path from 'node:path';
import t from 'tap';
import { systemClock } from '../../lib/platform/clock.js';
import { silentLog } from '../../lib/platform/log.js';
import { startDiagnosis } from '../../lib/ports/diag-child.js';
import { DiagTcpWitness } from '../../lib/ports/diag-witness.js';
import { connectionKey, ProcTcpWitness, TableSearch } from '../../lib/ports/tcp-witness.js';

const header4 =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     \n';
const row4 = (slot: number, key: string, state: string, queued: string): string =>
  `${String(slot).padStart(4)}: ${key} ${state} ${queued}:00000000 00:00000000 00000000  1000        0 4242 1 0000000000000000 20 4 30 10 -1\n`;

const from = { localAddress: '127.0.0.1', localPort: 41_970, remoteAddress: '192.0.2.10', remotePort: 9100 };
const key = '0100007F:A3F2 0A0200C0:238C';
const six = { localAddress: '::1', localPort: 1, remoteAddress: '2001:db8::ff00:42:8329', remotePort: 65_535 };
const key6 = '00000000000000000000000001000000:0001 B80D01200000000000FF000029834200:FFFF';

t.test('addresses are spelt as the table spells them', { skip: endianness() !== 'LE' }, async (test) => {
  test.equal(connectionKey(from), key);
  test.equal(connectionKey(six), key6);
  test.equal(
    connectionKey({ localAddress: '::ffff:127.0.0.1', localPort: 80, remoteAddress: '::ffff:7f00:2', remotePort: 81 }),
    '0000000000000000FFFF00000100007F:0050 0000000000000000FFFF00000200007F:0051',
  );
  test.equal(
    connectionKey({ localAddress: 'fe80::1%eth0', localPort: 1, remoteAddress: 'fe80::2%eth0', remotePort: 2 }),
    '000080FE000000000000000001000000:0001 000080FE000000000000000002000000:0002',
  );
});

t.test('rows are found in pieces of any size', { skip: endianness() !== 'LE' }, async (test) => {
  const others = Array.from({ length: 300 }, (_, slot) =>
    row4(slot, `0100007F:${(slot + 1).toString(16).toUpperCase().padStart(4, '0')} 0A0200C0:238C`, '01', '000000FF'),
  );
  const table =
    header4 +
    others.join('') +
    row4(12_345, key, '01', '0000ABCD') +
    row4(300, key.replace('A3F2', 'A3F3'), '07', '00000000');
  for (const size of [1, 7, 149, 150, 151, 4096, table.length]) {
    const search = new TableSearch(new Set([key, key.replace('A3F2', 'A3F3')]), 4);
    for (let at = 0; at < table.length; at += size) search.push(table.slice(at, at + size));
    test.equal(search.found.get(key), 0xabcd, `pieces of ${size}`);
    test.equal(search.found.get(key.replace('A3F2', 'A3F3')), 'absent', 'a closed connection says nothing');
    test.equal(search.complete, true);
  }
});

t.test('a table that is garbage says nothing', async (test) => {
  const search = new TableSearch(new Set([key]), 4);
  search.push(`\n: \n: ${key}\n: ${key} 01 zzzzzzzz:0\n::::: ${key} \n`.repeat(3));
  test.not(typeof search.found.get(key), 'number');
});

t.test('all who ask at the same time get their own answer', { skip: endianness() !== 'LE' }, async (test) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'platen-witness-'));
  writeFileSync(path.join(folder, 'tcp'), header4 + row4(0, key, '01', '00000010'));
  const witness = new ProcTcpWitness(folder);
  const answers = await Promise.all([
    witness.unacknowledged(from),
    witness.unacknowledged({ ...from, localPort: 1 }),
    witness.unacknowledged(six),
    witness.unacknowledged(from),
  ]);
  test.same(answers, [16, 'absent', 'unavailable', 16]);
});

const proc = new ProcTcpWitness();
const diag = new DiagTcpWitness({
  clock: systemClock,
  log: silentLog,
  start: startDiagnosis,
  fallback: { unacknowledged: () => Promise.resolve('unavailable') },
});
t.teardown(() => diag.close());

for (const [name, witness] of [
  ['/proc', proc],
  ['sock_diag', diag],
] as const)
  t.test(`${name}: what the peer of a real connection does not read is seen, until it reads`, async (test) => {
    for (const host of ['127.0.0.1', '::1']) {
      const server = createServer({ pauseOnConnect: true });
      const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
      try {
        await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve));
      } catch {
        test.comment(`${host} is not available`);
        continue;
      }
      const socket = connect((server.address() as AddressInfo).port, host);
      await new Promise((resolve) => socket.once('connect', resolve));
      const peer = await accepted;
      const connection = {
        localAddress: socket.localAddress!,
        localPort: socket.localPort!,
        remoteAddress: socket.remoteAddress!,
        remotePort: socket.remotePort!,
      };
      test.equal(await witness.unacknowledged(connection), 0, `${host}: nothing sent`);
      socket.write(Buffer.alloc(20 << 20));
      const stuck = await witness.unacknowledged(connection);
      test.ok(typeof stuck === 'number' && stuck > 0, `${host}: ${stuck} octets wait`);
      const whole = new Promise((resolve) => socket.once('drain', resolve));
      peer.resume();
      await whole;
      let queued = await witness.unacknowledged(connection);
      while (queued !== 0) queued = await witness.unacknowledged(connection);
      // libuv reports a reset right behind data as an orderly end: an `error` may come, a `close` does.
      const over = new Promise((resolve) => peer.on('error', () => {}).once('close', resolve));
      socket.resetAndDestroy();
      await over;
      test.equal(await witness.unacknowledged(connection), 'absent', `${host}: reset`);
      server.close();
    }
  });

t.test('a listener on the port is not the connection', async (test) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const nobody = { localAddress: '127.0.0.1', localPort: port, remoteAddress: '127.0.0.1', remotePort: 1 };
  test.equal(await diag.unacknowledged(nobody), 'absent');
  test.equal(await proc.unacknowledged(nobody), 'absent');
  server.close();
});
