import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { parseConfig } from '../../lib/config.js';
import { ServedGroup } from '../../lib/main/virtual-server.js';
import { groupDefaults } from '../../lib/model/cluster.js';
import { systemClock } from '../../lib/platform/clock.js';
import { silentLog } from '../../lib/platform/log.js';
import { HttpConnection, ippRequest, post } from '../support/ipp-client.js';
import { LpdClient } from '../support/lpd-client.js';
import { startTestSpooler } from '../support/spooler.js';

const host = '127.0.0.1';

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

const served = async (t: Test) => {
  const { spooler } = await startTestSpooler(t);
  await spooler.addPrinter({ name: 'lp', deviceUri: 'socket://127.0.0.1', paused: true });
  const [ipp, lpd] = [await freePort(), await freePort()];
  let ended = 0;
  const group = new ServedGroup('print', {
    services: {
      ipp: { port: ipp, operatorsFrom: [] },
      lpd: { ports: [lpd], optionalPorts: [] },
      snmp: { port: 0, allowFrom: [] },
    },
    limits: parseConfig('', '/x/platen.yaml').limits,
    multipleOperationTimeoutMs: 300_000,
    clock: systemClock,
    log: silentLog,
    version: '0',
    onEnd: () => (ended += 1),
  });
  t.teardown(() => group.close());
  return { group, spooler, ipp, lpd, ended: () => ended };
};

const isRefused = async (port: number): Promise<boolean> => {
  const socket = connect({ host, port });
  const refused = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(false));
    socket.once('error', () => resolve(true));
  });
  socket.destroy();
  return refused;
};

t.test(
  'before the spooler is online, clients wait for a moment; then they are told that the server is busy',
  async (t) => {
    const { group, spooler, ipp } = await served(t);
    await group.open(host);
    const early = await HttpConnection.open(t, ipp);
    await early.send(post(ippRequest('Get-Printer-Attributes')));
    t.equal((await early.reply()).status, 'server-error-busy');
    await early.send(post(ippRequest('Get-Printer-Attributes')));
    while (group.underWay === 0) await new Promise((resolve) => setImmediate(resolve));
    group.online = spooler;
    t.equal((await early.reply()).status, 'successful-ok');
  },
);

t.test('quiet doors take nothing new, close what is idle, and let uploads that have begun end well', async (t) => {
  const { group, spooler, ipp, lpd, ended } = await served(t);
  group.online = spooler;
  await group.open(host);
  const idle = await HttpConnection.open(t, ipp);
  await idle.send(post(ippRequest('Get-Printer-Attributes')));
  await idle.reply();

  const upload = await HttpConnection.open(t, ipp);
  const whole = post(ippRequest('Print-Job', { data: 'x'.repeat(1_000) }));
  await upload.send(whole.subarray(0, whole.length - 500));
  const sender = await LpdClient.open(lpd);
  sender.send('\x02lp\n');
  t.equal(await sender.answer(), 0);
  sender.send('\x031 dfA001host\n');
  t.equal(await sender.answer(), 0);
  const resting = await LpdClient.open(lpd);
  while (group.underWay < 2) await new Promise((resolve) => setImmediate(resolve));

  await group.quiet();
  t.ok(await isRefused(ipp), 'IPP takes no connection');
  t.ok(await isRefused(lpd), 'LPD takes no connection');
  await idle.ended();
  t.equal(await resting.answer(), 'closed');

  await upload.send(whole.subarray(whole.length - 500));
  const reply = await upload.reply();
  t.equal(reply.status, 'successful-ok');
  await upload.ended();
  const control = 'Hhost\nPalice\nldfA001host\n';
  sender.send('x\0');
  t.equal(await sender.answer(), 0, 'the document is taken');
  sender.send(`\x02${control.length} cfA001host\n${control}\0`);
  t.same([await sender.answer(), await sender.answer()], [0, 0], 'the job is accepted');
  t.equal(await sender.answer(), 'closed');
  t.equal(group.underWay, 0);
  t.ok(ended() >= 2);
  t.equal(spooler.jobs.unfinishedCount, 2);

  await group.reopen(new AbortController().signal);
  const again = await HttpConnection.open(t, ipp);
  await again.send(post(ippRequest('Get-Printer-Attributes')));
  t.equal((await again.reply()).status, 'successful-ok');
});

t.test('a port that its last owner still holds is waited for; without a signal it is refused at once', async (t) => {
  const { group, ipp, lpd } = await served(t);
  const before = createServer().listen(lpd, host);
  await once(before, 'listening');
  await t.rejects(group.open(host), { code: 'EADDRINUSE' });
  t.ok(await isRefused(ipp), 'nothing is left of a half');
  const opening = group.open(host, new AbortController().signal);
  before.close();
  await opening;
  t.same(
    group.bound.map(({ protocol, port }) => [protocol, port]),
    [
      ['ipp', ipp],
      ['lpd', lpd],
    ],
  );
});

t.test('a print spooler that should not be online is called offline, not loading', async (t) => {
  const { services, limits } = { services: groupDefaults.services, limits: parseConfig('', '/x/platen.yaml').limits };
  const parts = { services, limits, multipleOperationTimeoutMs: 1, clock: systemClock, log: silentLog, version: '0' };
  t.throws(() => new ServedGroup('sales', parts, () => true).spooler(), { code: 'not-ready' });
  t.throws(() => new ServedGroup('sales', parts, () => false).spooler(), {
    code: 'spooler-offline',
    message: 'the print spooler of sales is offline',
  });
});
