import t from 'tap';
import { groupTags } from '../../lib/protocols/ipp/tags.js';
import { enumValue, group, keyword } from '../../lib/protocols/ipp/values.js';
import { print } from '../support/delivery.js';
import { FakeClock } from '../support/fake-clock.js';
import { describe, type IppPeerOptions, job, operations } from '../support/ipp-peer.js';
import { setUp, until, running, letter, one, onlyPrintJob } from '../support/ipp-trial.js';

t.test('a job that ends badly at the printer', async (t) => {
  for (const [state, word, result] of [
    [7, 'canceled', 'canceled'],
    [8, 'aborted', 'rejected'],
  ] as const) {
    const { port, uri } = await setUp(t, {
      on: { 'Get-Job-Attributes': () => ({ groups: [job(1, state, `job-${word}-at-device`)] }) },
    });
    const outcome = await print(port, uri, one());
    t.match(outcome, { result, evidence: 'partial', detail: new RegExp(`${word}.*job-${word}-at-device`) });
  }
});

t.test('a printer that forgets finished jobs, or gives no numbers, has delivered without confirming', async (t) => {
  const cases: readonly [string, IppPeerOptions][] = [
    ['not-found', { on: { 'Get-Job-Attributes': () => ({ status: 'client-error-not-found' }) } }],
    ['not-possible', { on: { 'Get-Job-Attributes': () => ({ status: 'client-error-not-possible' }) } }],
    ['forbidden', { on: { 'Get-Job-Attributes': () => ({ status: 'client-error-forbidden' }) } }],
    ['no number', { attributes: onlyPrintJob, on: { 'Print-Job': () => ({ groups: [job(undefined, 5)] }) } }],
    ['no Get-Job-Attributes', { attributes: describe(operations(0x02, 0x0b)) }],
  ];
  for (const [name, options] of cases) {
    const { peer, port, uri } = await setUp(t, options);
    t.match(await print(port, uri, one()), { result: 'delivered', evidence: 'sent-unconfirmed' }, name);
    t.equal(peer.of('Cancel-Job').length, 0);
  }
});

t.test('paper that is out ends nothing and is shown', async (t) => {
  const clock = new FakeClock();
  let out = true;
  const { peer, port, uri } = await setUp(
    t,
    {
      on: {
        'Get-Job-Attributes': () => (out ? { groups: [job(1, 6, 'printer-stopped')] } : undefined),
        'Get-Printer-Attributes': (_, times) =>
          times === 1
            ? undefined
            : {
                groups: [
                  group(
                    groupTags.printer,
                    ...describe({
                      'printer-state': [enumValue(5)],
                      'printer-state-reasons': [keyword('media-empty-error'), keyword('\u001b[2Jevil\u202e')],
                    }),
                  ),
                ],
              },
      },
    },
    clock,
  );
  const what = one();
  const work = print(port, uri, what);
  const end = running(clock, work, 250);
  await until(() => clock.monotonic() > 120_000);
  t.match(what.reports.at(-1), {
    phase: 'stalled',
    detail: /put the job aside \(printer-stopped\).*media-empty-error/,
  });
  t.notMatch(what.reports.at(-1)?.detail, /[\p{Cc}\p{Cf}]/u);
  out = false;
  t.match(await end, { result: 'delivered', evidence: 'confirmed' });
  const perSecond = what.reports.length / (clock.monotonic() / 1000);
  t.ok(perSecond <= 4, `${perSecond} reports a second`);
  t.ok(peer.of('Get-Job-Attributes').length < 120_000 / 1_000, 'it is not asked too often');
});

t.test('a printer that takes the job and then falls silent is believed after ten minutes', async (t) => {
  const clock = new FakeClock();
  const { port, uri } = await setUp(t, { on: { 'Get-Job-Attributes': () => 'cut' } }, clock);
  const what = one();
  const outcome = await running(clock, print(port, uri, what), 1_000);
  t.match(outcome, { result: 'delivered', evidence: 'sent-unconfirmed', bytes: letter.length });
  t.ok(what.saw('stalled'));
  t.ok(clock.monotonic() >= 600_000 && clock.monotonic() < 700_000, `${clock.monotonic()} ms`);
});

t.test('an answer that is lost after the whole document was sent', async (t) => {
  await t.test('by Create-Job, the printer has the job: it is asked and believed', async (t) => {
    const { peer, port, uri } = await setUp(t, { on: { 'Send-Document': () => 'cut' } });
    t.match(await print(port, uri, one()), { result: 'delivered', evidence: 'confirmed', bytes: letter.length });
    t.equal(peer.of('Send-Document').length, 1);
    t.equal(peer.of('Cancel-Job').length, 0);
  });
  await t.test('by Create-Job, the printer still waits for data: interrupted and called back', async (t) => {
    const clock = new FakeClock();
    const { peer, port, uri } = await setUp(
      t,
      {
        on: {
          'Send-Document': () => 'cut',
          'Get-Job-Attributes': () => ({ groups: [job(1, 5, 'job-incoming')] }),
        },
      },
      clock,
    );
    t.match(await running(clock, print(port, uri, one()), 250), { result: 'interrupted', evidence: 'partial' });
    t.equal(peer.of('Cancel-Job')[0]?.value('job-id'), 1);
    t.ok(clock.monotonic() >= 30_000);
  });
  await t.test('by Print-Job: interrupted', async (t) => {
    const { port, uri } = await setUp(t, { attributes: onlyPrintJob, on: { 'Print-Job': () => 'cut' } });
    t.match(await print(port, uri, one()), { result: 'interrupted', evidence: 'partial', bytes: letter.length });
  });
  await t.test('by Print-Job, what came is garbage: everything had been taken', async (t) => {
    const { port, uri } = await setUp(t, {
      attributes: onlyPrintJob,
      on: { 'Print-Job': () => ({ raw: Buffer.from('rubbish') }) },
    });
    t.match(await print(port, uri, one()), { result: 'interrupted', evidence: 'sent-unconfirmed' });
  });
  await t.test('by Create-Job itself: nothing was sent', async (t) => {
    const { port, uri } = await setUp(t, { on: { 'Create-Job': () => 'cut' } });
    t.match(await print(port, uri, one()), { result: 'unreachable', evidence: 'not-started', bytes: 0 });
  });
});

t.test('a cancel while the printer prints calls the job back', async (t) => {
  await t.test('in time', async (t) => {
    const { peer, port, uri } = await setUp(t, { on: { 'Get-Job-Attributes': () => ({ groups: [job(1, 5)] }) } });
    const what = one();
    const work = print(port, uri, what);
    await until(() => peer.of('Get-Job-Attributes').length > 0);
    what.abort.abort();
    t.match(await work, { result: 'canceled', evidence: 'partial' });
    t.strictSame(
      peer.of('Cancel-Job').map((call) => call.value('job-id')),
      [1],
    );
  });
  const { peer, port, uri } = await setUp(t, {
    on: {
      'Get-Job-Attributes': () => (peer.of('Cancel-Job').length === 0 ? { groups: [job(1, 5)] } : undefined),
      'Cancel-Job': () => ({ status: 'client-error-not-possible' }),
    },
  });
  const what = one();
  const work = print(port, uri, what);
  await until(() => peer.of('Get-Job-Attributes').length > 0);
  what.abort.abort();
  t.match(await work, { result: 'delivered', evidence: 'confirmed' }, 'a job that was printed already stays delivered');
});
