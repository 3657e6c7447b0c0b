import t from 'tap';
import { keyword } from '../../lib/protocols/ipp/values.js';
import { delivery, document, octets, print } from '../support/delivery.js';
import { FakeClock } from '../support/fake-clock.js';
import { describe, job, type Reply } from '../support/ipp-peer.js';
import { setUp, until, running, letter, one, onlyPrintJob, viaCreateJob, viaPrintJob } from '../support/ipp-trial.js';

t.test('a job goes by Create-Job and Send-Document and is followed to its end', async (t) => {
  const { peer, port, uri } = await setUp(t);
  const what = delivery([document(letter, { name: 'a.pdf', format: 'application/pdf' })]);
  t.strictSame(await print(port, uri, what), {
    result: 'delivered',
    evidence: 'confirmed',
    detail: 'the printer completed the job (job-completed-successfully)',
    bytes: letter.length,
  });
  t.strictSame(peer.operations(), viaCreateJob);
  t.ok(peer.jobs.get(1)?.[0]?.equals(letter));
  const [, created, sent] = peer.calls;
  t.equal(created?.version, '2.0');
  t.equal(created?.value('job-name'), 'letter.txt');
  t.equal(created?.value('requesting-user-name'), 'alice');
  t.equal(created?.value('printer-uri'), uri);
  t.equal(created?.value('copies'), undefined);
  t.equal(created?.value('job-uuid'), undefined, 'not known to be supported');
  t.equal(sent?.value('document-format'), 'application/pdf');
  t.equal(sent?.value('last-document'), true);
  t.equal(sent?.value('document-name'), 'a.pdf');
  t.ok(Number(sent?.headers['content-length']) > letter.length, 'the length is announced');
  t.equal(peer.connections, 1);
  t.strictSame(what.begun, [created?.remotePort], 'begin was told the port that the job came from');
  await until(() => peer.open === 0);
});

t.test('a printer without Create-Job gets Print-Job', async (t) => {
  const { peer, port, uri } = await setUp(t, { attributes: onlyPrintJob });
  t.match(await print(port, uri, one()), { result: 'delivered', evidence: 'confirmed' });
  t.strictSame(peer.operations(), viaPrintJob);
  t.ok(peer.jobs.get(1)?.[0]?.equals(letter));
});

t.test('a printer that lists Create-Job and does not have it gets Print-Job', async (t) => {
  const unsupported = (): Reply => ({ status: 'server-error-operation-not-supported' });
  const { peer, port, uri } = await setUp(t, { on: { 'Create-Job': unsupported } });
  t.match(await print(port, uri, one()), { result: 'delivered', evidence: 'confirmed' });
  t.strictSame(peer.operations(), ['Get-Printer-Attributes', 'Create-Job', ...viaPrintJob.slice(1)]);
});

t.test('the job has begun before anything that could print is asked for', async (t) => {
  const { peer, port, uri } = await setUp(t);
  let seen: readonly string[] = [];
  const begin = async (): Promise<void> => {
    seen = peer.operations();
  };
  await print(port, uri, delivery([document(letter)], { begin }));
  t.strictSame(seen, ['Get-Printer-Attributes']);
});

t.test('IPP 1.1 is spoken with printers that do not know 2.0, and remembered', async (t) => {
  const refusals: Record<string, Reply> = {
    'version-not-supported': { status: 'server-error-version-not-supported', version: { major: 1, minor: 1 } },
    'bad-request': { status: 'client-error-bad-request' },
    'HTTP 400': { http: 400 },
  };
  for (const [name, refusal] of Object.entries(refusals))
    await t.test(name, async (t) => {
      const { peer, port, uri } = await setUp(t, {
        on: { 'Get-Printer-Attributes': ({ version }) => (version === '2.0' ? refusal : undefined) },
      });
      t.match(await print(port, uri, one()), { result: 'delivered', evidence: 'confirmed' });
      t.match(await print(port, uri, one()), { result: 'delivered', evidence: 'confirmed' });
      t.strictSame(
        peer.calls.map(({ version }) => version),
        ['2.0', ...Array<string>(8).fill('1.1')],
      );
    });
});

t.test('the UUID of the job goes to printers that take it', async (t) => {
  const { peer, port, uri } = await setUp(t, {
    attributes: describe({ 'job-creation-attributes-supported': [keyword('copies'), keyword('job-uuid')] }),
  });
  await print(port, uri, one());
  t.equal(peer.of('Create-Job')[0]?.value('job-uuid'), 'urn:uuid:4509a320-00a0-008f-00b6-002507510eca');
});

t.test('names from clients fit the protocol', async (t) => {
  const { peer, port, uri } = await setUp(t);
  const what = { ...one().job, name: `a\u0000b\n${'ü'.repeat(300)}`, user: '' };
  await print(port, uri, delivery([document('x')], { job: what }));
  const name = String(peer.of('Create-Job')[0]?.value('job-name'));
  t.ok(name.startsWith('a b ü'));
  t.ok(Buffer.byteLength(name) <= 255 && !name.includes('\ufffd'));
  t.equal(peer.of('Create-Job')[0]?.value('requesting-user-name'), 'anonymous');
});

t.test('a printer that becomes busy between two documents is waited for', async (t) => {
  const clock = new FakeClock();
  const { peer, port, uri } = await setUp(
    t,
    {
      attributes: onlyPrintJob,
      on: { 'Print-Job': (_, times) => (times > 1 && times < 6 ? { status: 'server-error-busy' } : undefined) },
    },
    clock,
  );
  const what = delivery([document('one'), document('two')]);
  t.match(await running(clock, print(port, uri, what)), { result: 'delivered', evidence: 'confirmed', bytes: 6 });
  t.strictSame([...peer.jobs.values()].flat().map(String), ['one', 'two']);
  t.ok(what.saw('stalled'));
});

t.test('a printer that stops reading is shown, and the cancel stops the bytes', async (t) => {
  const clock = new FakeClock();
  const { peer, port, uri } = await setUp(t, { readAtMost: 100_000 }, clock);
  const what = delivery([document(octets(60_000_000))]);
  const work = running(clock, print(port, uri, what), 1_000);
  await until(() => what.saw('stalled'));
  t.match(what.reports.at(-1), { phase: 'stalled', detail: 'the printer takes no data' });
  await until(() => clock.monotonic() > 900_000);
  const before = peer.of('Send-Document')[0]?.document.length;
  what.abort.abort();
  t.match(await work, { result: 'canceled', evidence: 'partial' });
  t.equal(peer.of('Send-Document')[0]?.document.length, before);
  t.equal(peer.of('Cancel-Job')[0]?.value('job-id'), 1, 'the job is called back at the printer');
  t.notOk(peer.of('Send-Document')[0]?.whole);
});

t.test('a cancel before anything was sent', async (t) => {
  for (const operation of ['Get-Printer-Attributes', 'Create-Job'] as const) {
    const { peer, port, uri } = await setUp(t, { on: { [operation]: () => 'hang' } });
    const what = one();
    const work = print(port, uri, what);
    await until(() => peer.operations().includes(operation));
    what.abort.abort();
    t.match(await work, { result: 'canceled', evidence: 'not-started', bytes: 0 });
  }
  const { port, uri } = await setUp(t);
  const what = one();
  what.abort.abort();
  t.match(await print(port, uri, what), { result: 'canceled', evidence: 'not-started' });
  t.strictSame(what.begun, []);
});

t.test('a cancel that the printer does not answer takes two seconds at most', async (t) => {
  const clock = new FakeClock();
  const { peer, port, uri } = await setUp(
    t,
    { on: { 'Cancel-Job': () => 'hang', 'Get-Job-Attributes': () => ({ groups: [job(1, 5)] }) } },
    clock,
  );
  const what = one();
  const work = running(clock, print(port, uri, what));
  await until(() => peer.of('Get-Job-Attributes').length > 0);
  const started = clock.monotonic();
  what.abort.abort();
  t.match(await work, { result: 'canceled', evidence: 'partial' });
  t.ok(clock.monotonic() - started <= 2_500, `${clock.monotonic() - started} ms`);
});

t.test('a node that may have lost the printer stops at once and says nothing more', async (t) => {
  await t.test('between two chunks', async (t) => {
    const { peer, port, uri } = await setUp(t);
    const what = delivery([
      document(
        async function* () {
          for (let chunk = 0; chunk < 100; chunk += 1) {
            if (chunk === 5) what.owned = false;
            yield octets(1_000, chunk);
          }
        },
        { length: 100_000 },
      ),
    ]);
    t.match(await print(port, uri, what), { result: 'lost-ownership', evidence: 'partial', bytes: 5_000 });
    t.equal(peer.of('Cancel-Job').length, 0);
    t.ok((peer.of('Send-Document')[0]?.document.length ?? 0) <= 5_000);
  });
  await t.test('while the printer takes nothing', async (t) => {
    const clock = new FakeClock();
    const { peer, port, uri } = await setUp(t, { readAtMost: 100_000 }, clock);
    const what = delivery([document(octets(60_000_000))]);
    const work = running(clock, print(port, uri, what), 250);
    await until(() => what.saw('stalled'));
    what.owned = false;
    t.match(await work, { result: 'lost-ownership', evidence: 'partial' });
    t.equal(peer.of('Cancel-Job').length, 0);
  });
  await t.test('while the printer prints', async (t) => {
    const { peer, port, uri } = await setUp(t, { on: { 'Get-Job-Attributes': () => ({ groups: [job(1, 5)] }) } });
    const what = one();
    const work = print(port, uri, what);
    await until(() => peer.of('Get-Job-Attributes').length > 0);
    what.owned = false;
    t.match(await work, { result: 'lost-ownership', evidence: 'sent-unconfirmed' });
    t.equal(peer.of('Cancel-Job').length, 0);
  });
  await t.test('while its jobs are called back', async (t) => {
    const what = delivery([document('one'), document('two')]);
    const { peer, port, uri } = await setUp(t, {
      attributes: onlyPrintJob,
      on: {
        'Get-Job-Attributes': (call) => ({ groups: [job(Number(call.value('job-id')), 5)] }),
        'Cancel-Job': () => {
          what.owned = false;
          return undefined;
        },
      },
    });
    const work = print(port, uri, what);
    await until(() => peer.of('Get-Job-Attributes').length > 0);
    what.abort.abort();
    t.match(await work, { result: 'canceled' });
    t.equal(peer.of('Cancel-Job').length, 1, 'the second job is the new owner’s concern');
  });
  await t.test('before it began', async (t) => {
    const { peer, port, uri } = await setUp(t);
    const what = one();
    what.owned = false;
    t.match(await print(port, uri, what), { result: 'lost-ownership', evidence: 'not-started' });
    t.strictSame(what.begun, []);
    t.notOk(peer.operations().includes('Create-Job'));
  });
});

t.test('what the source of a document or begin throws comes out, and no half job stays at the printer', async (t) => {
  const broken = async function* () {
    yield octets(1_000);
    throw new Error('the disk is gone');
  };
  const { peer, port, uri } = await setUp(t);
  await t.rejects(print(port, uri, delivery([document(broken, { length: 5_000 })])), { message: 'the disk is gone' });
  t.notOk(peer.of('Send-Document')[0]?.whole);
  t.equal(peer.of('Cancel-Job').length, 1);
  for (const length of [999, 1_001])
    await t.rejects(
      print(
        port,
        uri,
        delivery([
          document(
            async function* () {
              yield octets(1_000);
            },
            { length },
          ),
        ]),
      ),
      {
        code: 'document-damaged',
      },
    );
  t.ok(peer.of('Send-Document').every(({ whole }) => !whole));
  const before = peer.of('Create-Job').length;
  const begin = async (): Promise<void> => {
    throw new Error('no record');
  };
  await t.rejects(print(port, uri, delivery([document('x')], { begin })), { message: 'no record' });
  t.equal(peer.of('Create-Job').length, before);
  await until(() => peer.open === 0);
});

t.test('a document whose source hangs can be canceled', async (t) => {
  const { peer, port, uri } = await setUp(t);
  const hangs = async function* () {
    yield octets(10);
    await new Promise(() => {});
  };
  const what = delivery([document(hangs, { length: 20 })]);
  const work = print(port, uri, what);
  await until(() => peer.of('Send-Document').length === 1);
  what.abort.abort();
  t.match(await work, { result: 'canceled', evidence: 'partial', bytes: 10 });
});
