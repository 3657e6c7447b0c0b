import t from 'tap';
import type { PrinterAnswer } from '../../lib/admin/printer-answers.js';
import type { PrintersAnswer } from '../../lib/admin/printer-routes.js';
import { startTestAdmin } from '../support/admin.js';

const canary = 'canary-9f31';

t.test('a printer is made, shown, changed, paused and removed', async (t) => {
  const { ask, spooler } = await startTestAdmin(t);
  const made = await ask('POST', '/api/1/printers', {
    name: 'demo',
    deviceUri: 'lpd://localhost/q',
    info: 'Demo',
    device: { lock: 'port' },
  });
  t.match(made, { statusCode: 201 });
  t.match(made.json(), {
    name: 'demo',
    info: 'Demo',
    state: 'idle',
    deviceAddresses: ['127.0.0.1'],
    device: { lock: 'port', halfClose: true },
  });
  t.match((await ask('GET', '/api/1/printers')).json(), { printers: [{ name: 'demo' }] });

  const changed = await ask('PATCH', '/api/1/printers/demo', {
    location: 'Cellar',
    maxAttempts: 7,
    device: { halfClose: false },
  });
  t.match(changed.json(), {
    location: 'Cellar',
    info: 'Demo',
    maxAttempts: 7,
    device: { lock: 'port', halfClose: false },
  });

  t.match((await ask('POST', '/api/1/printers/demo/pause', { message: 'toner' })).json(), {
    paused: true,
    state: 'stopped',
    stateMessage: 'toner',
  });
  t.match((await ask('POST', '/api/1/printers/demo/resume')).json(), { paused: false, state: 'idle' });
  t.match((await ask('POST', '/api/1/printers/demo/reject', {})).json(), { accepting: false });
  t.match((await ask('POST', '/api/1/printers/demo/accept')).json(), { accepting: true });

  t.equal((await ask('DELETE', '/api/1/printers/demo')).statusCode, 204);
  t.equal(spooler.printers.get('demo'), undefined);
  t.match((await ask('GET', '/api/1/printers/demo')).json(), { code: 'printer-not-found', status: 404 });
});

t.test('what cannot be done is said with its code', async (t) => {
  const { ask, spooler, port } = await startTestAdmin(t, { devicePorts: [] });
  await spooler.addPrinter({ name: 'demo', deviceUri: 'socket://127.0.0.1', paused: true });
  const cases: readonly [string, 'POST' | 'PATCH' | 'DELETE', string, object | undefined, number, string][] = [
    ['made twice', 'POST', '', { name: 'demo', deviceUri: 'socket://127.0.0.1' }, 409, 'printer-exists'],
    ['a local port', 'POST', '', { name: 'x', deviceUri: 'usb://HP' }, 400, 'device-refused'],
    ['an unusual port', 'POST', '', { name: 'x', deviceUri: 'socket://127.0.0.1:22' }, 400, 'device-refused'],
    ['a bad name', 'POST', '', { name: '../x', deviceUri: 'socket://127.0.0.1' }, 400, 'bad-request'],
    ['no change', 'PATCH', '/demo', {}, 400, 'bad-request'],
    ['another name', 'PATCH', '/demo', { name: 'y' }, 400, 'bad-request'],
    ['none of that name', 'DELETE', '/none', undefined, 404, 'printer-not-found'],
    ['none to pause', 'POST', '/none/pause', undefined, 404, 'printer-not-found'],
  ];
  for (const [name, method, path, body, status, code] of cases)
    t.match((await ask(method, `/api/1/printers${path}`, body)).json(), { status, code }, name);
  port.close();
  const id = await spooler.uploads.takeJobId();
  await spooler.uploads.submit(
    id,
    { printer: 'demo', name: 'x', user: 'y', origin: { protocol: 'lpd', address: '::1' } },
    { documents: [], open: true },
  );
  t.match((await ask('DELETE', '/api/1/printers/demo')).json(), { status: 409, code: 'printer-has-jobs' });
});

t.test('a community is taken, told to nobody, and taken away', async (t) => {
  const lines: string[] = [];
  const note = (fields: object, message: string): void => {
    lines.push(JSON.stringify(fields) + message);
  };
  const { ask, spooler, events } = await startTestAdmin(t, {
    log: { debug: note, info: note, warn: note, error: note },
  });
  const answers = [
    await ask('POST', '/api/1/printers', {
      name: 'demo',
      deviceUri: 'socket://127.0.0.1',
      device: { snmp: { community: canary } },
    }),
    await ask('PATCH', '/api/1/printers/demo', { device: { snmp: { community: `${canary}2`, index: 3 } } }),
    await ask('PATCH', '/api/1/printers/demo', { device: { snmp: { community: `${canary}\u0001` } } }),
    await ask('POST', '/api/1/printers', {
      name: 'demo',
      deviceUri: 'socket://127.0.0.1',
      device: { snmp: { community: canary } },
    }),
    await ask('GET', '/api/1/printers'),
    await ask('GET', '/api/1/printers/demo'),
    await ask('GET', '/api/1/events'),
  ];
  t.equal(spooler.printers.must('demo').device.snmp?.community, `${canary}2`);
  t.match(answers[5]?.json(), { device: { snmp: { communitySet: true, port: 161, index: 3 } } });
  await events.settled();
  for (const answer of answers) t.notMatch(answer.body, canary);
  for (const line of lines) t.notMatch(line, canary);
  t.ok(
    lines.some((line) => line.includes('operator request')),
    'acts are logged',
  );
  const cleared = await ask('PATCH', '/api/1/printers/demo', { device: { snmp: null } });
  t.notHas(cleared.json<PrinterAnswer>().device, { snmp: {} });
  t.equal(spooler.printers.must('demo').device.snmp, undefined);
});

t.test('printers come in pages', async (t) => {
  const { ask, spooler } = await startTestAdmin(t);
  for (let number = 10; number < 35; number += 1)
    await spooler.addPrinter({ name: `p${number}`, deviceUri: 'socket://127.0.0.1' });
  const names: string[] = [];
  let from = '';
  for (let pages = 1; ; pages += 1) {
    const answer = (await ask('GET', `/api/1/printers?limit=10${from}`)).json<PrintersAnswer>();
    names.push(...answer.printers.map(({ name }) => name));
    if (answer.next === undefined) {
      t.equal(pages, 3);
      break;
    }
    from = `&from=${answer.next}`;
  }
  t.same(
    names,
    spooler.printers.all().map(({ name }) => name),
  );
});

t.test('the group is the only one, or has to be named', async (t) => {
  const { server } = await startTestAdmin(t);
  const second = { group: 'sales', names: [], spooler: () => server.spooler() };
  const { ask } = await startTestAdmin(t, { admin: { servers: [server, second] } });
  t.match((await ask('GET', '/api/1/printers')).json(), { status: 400, code: 'bad-request', message: /print, sales/ });
  t.match((await ask('GET', '/api/1/printers?group=sales')).json(), { printers: [] });
  t.match((await ask('GET', '/api/1/printers?group=none')).json(), {
    status: 404,
    code: 'not-found',
    message: /print, sales/,
  });
  const { ask: askNone } = await startTestAdmin(t, { admin: { servers: [] } });
  t.match((await askNone('GET', '/api/1/printers')).json(), { status: 404, code: 'not-found' });
});

t.test('a group that is elsewhere is shown as such and refuses work', async (t) => {
  const { ask, disown } = await startTestAdmin(t);
  disown();
  t.match((await ask('GET', '/api/1/printers')).json(), { status: 503, code: 'not-owner', retriable: true });
  t.match((await ask('GET', '/api/1/status')).json(), { groups: [{ name: 'print', online: false, reason: /own/ }] });
});
