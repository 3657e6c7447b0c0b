import t from 'tap';
import type { StatusName } from '../../lib/protocols/ipp/status-codes.js';
import { groupTags } from '../../lib/protocols/ipp/tags.js';
import { boolean, enumValue, group, keyword } from '../../lib/protocols/ipp/values.js';
import { delivery, document, octets, print } from '../support/delivery.js';
import { FakeClock } from '../support/fake-clock.js';
import { answerBytes, describe, description, job, type Reply } from '../support/ipp-peer.js';
import { hastyClock, setUp, startCutter, until, running, letter, one, onlyPrintJob } from '../support/ipp-trial.js';
import { mutations, Random } from '../support/mutate.js';

t.test('what a printer answers to the first question decides whether a job is offered', async (t) => {
  const stopped = { 'printer-state': [enumValue(5)], 'printer-is-accepting-jobs': [boolean(false)] };
  const says = (changes: Parameters<typeof describe>[0]): Reply => ({
    groups: [group(groupTags.printer, ...describe(changes))],
  });
  const whole = answerBytes({ groups: [group(groupTags.printer, ...description)] });
  // The message without its end, and its groups over and over.
  const huge = Buffer.concat([whole.subarray(0, -1), Buffer.alloc(2 << 20, whole.subarray(8, -1))]);
  const cases: readonly [string, Reply, string, RegExp][] = [
    ['HTTP 401', { http: 401 }, 'auth-required', /HTTP 401/],
    ['HTTP 403', { http: 403 }, 'auth-required', /HTTP 403/],
    ['forbidden', { status: 'client-error-forbidden' }, 'auth-required', /client-error-forbidden/],
    ['not-authenticated', { status: 'client-error-not-authenticated' }, 'auth-required', /not-authenticated/],
    ['busy', { status: 'server-error-busy' }, 'busy', /server-error-busy/],
    ['HTTP 503', { http: 503 }, 'busy', /HTTP 503/],
    ['no jobs', says({ 'printer-is-accepting-jobs': [boolean(false)] }), 'busy', /accepts no jobs$/],
    ['no jobs, paused', says({ ...stopped, 'printer-state-reasons': [keyword('paused')] }), 'busy', /\(paused\)/],
    [
      'no jobs, empty',
      says({ ...stopped, 'printer-state-reasons': [keyword('media-empty-error')] }),
      'needs-attention',
      /\(media-empty-error\)/,
    ],
    ['HTTP 301', { http: 301, headers: { Location: 'http://127.0.0.1:1/' } }, 'unreachable', /redirects.*not followed/],
    ['HTTP 404', { http: 404 }, 'unreachable', /HTTP 404/],
    ['HTTP 426', { http: 426 }, 'unreachable', /use ipps/],
    ['HTTP 500', { http: 500 }, 'unreachable', /HTTP 500/],
    ['not-found', { status: 'client-error-not-found' }, 'unreachable', /client-error-not-found/],
    ['no version is right', { status: 'server-error-version-not-supported' }, 'unreachable', /version-not-supported/],
    ['an empty answer', { raw: new Uint8Array() }, 'unreachable', /cut its answer short/],
    ['half an answer', { raw: whole.subarray(0, 99) }, 'unreachable', /cut its answer short/],
    ['a web page', { raw: Buffer.from('<html><body>It works!</body></html>') }, 'unreachable', /no IPP/],
    ['an endless answer', { raw: huge }, 'unreachable', /no IPP: .* more than/],
    [
      'an answer with a tail',
      { raw: Buffer.concat([answerBytes({}), Buffer.alloc(200_000)]) },
      'unreachable',
      /more than an answer/,
    ],
    ['a reset', 'cut', 'unreachable', /reset the connection/],
  ];
  for (const [name, reply, result, detail] of cases)
    await t.test(name, async (t) => {
      const { peer, port, uri } = await setUp(t, { on: { 'Get-Printer-Attributes': () => reply } });
      const what = one();
      const outcome = await print(port, uri, what);
      t.match(outcome, { result, evidence: 'not-started', bytes: 0, detail });
      t.strictSame(what.begun, []);
      t.strictSame(
        peer.operations().filter((name) => name !== 'Get-Printer-Attributes'),
        [],
      );
    });
});

t.test('a printer that never answers is given up after 30 seconds', async (t) => {
  const clock = new FakeClock();
  const { port, uri } = await setUp(t, { on: { 'Get-Printer-Attributes': () => 'hang' } }, clock);
  const outcome = await running(clock, print(port, uri, one()), 500);
  t.match(outcome, { result: 'unreachable', evidence: 'not-started', detail: /30 seconds/ });
  t.ok(clock.monotonic() >= 30_000 && clock.monotonic() < 35_000);
});

t.test('what a printer answers to a job', async (t) => {
  const cases: readonly [string, StatusName | number, string, string, (string | undefined)?][] = [
    // status, result, evidence by Create-Job or Print-Job
    ['busy', 'server-error-busy', 'busy', 'not-started'],
    ['unavailable', 'server-error-service-unavailable', 'busy', 'not-started'],
    ['too many jobs', 'server-error-too-many-jobs', 'busy', 'not-started'],
    ['not accepting', 'server-error-not-accepting-jobs', 'busy', 'not-started'],
    ['not now', 'client-error-not-possible', 'busy', 'not-started'],
    ['HTTP 503', 503, 'busy', 'not-started'],
    ['HTTP 401', 401, 'auth-required', 'not-started'],
    ['not authorized', 'client-error-not-authorized', 'auth-required', 'not-started'],
    ['attributes', 'client-error-attributes-or-values-not-supported', 'rejected', 'not-started'],
    ['too large', 'client-error-request-entity-too-large', 'rejected', 'not-started'],
    ['account', 'cups-error-account-limit-reached', 'rejected', 'not-started'],
    ['internal', 'server-error-internal-error', 'rejected', 'not-started'],
    ['HTTP 302', 302, 'rejected', 'not-started'],
    ['jam', 'server-error-device-error', 'needs-attention', 'not-started'],
  ];
  for (const [name, status, result, evidence] of cases)
    await t.test(name, async (t) => {
      const reply = (): Reply => (typeof status === 'number' ? { http: status } : { status });
      const { peer, port, uri } = await setUp(t, { on: { 'Create-Job': reply } });
      t.match(await print(port, uri, one()), { result, evidence, bytes: 0 });
      t.notOk(peer.operations().includes('Send-Document'));
    });
});

t.test('what a printer answers to a document that it has read', async (t) => {
  const cases: readonly [StatusName | number, string, string][] = [
    ['server-error-busy', 'busy', 'not-started'],
    ['client-error-document-format-not-supported', 'rejected', 'not-started'],
    ['client-error-document-format-error', 'rejected', 'partial'],
    ['client-error-not-authorized', 'auth-required', 'not-started'],
    ['server-error-internal-error', 'rejected', 'partial'],
    ['server-error-job-canceled', 'rejected', 'partial'],
    ['server-error-device-error', 'interrupted', 'partial'],
    [500, 'rejected', 'partial'],
  ];
  for (const operation of ['Print-Job', 'Send-Document'] as const)
    for (const [status, result, evidence] of cases) {
      const reply = (): Reply => (typeof status === 'number' ? { http: status } : { status });
      const { peer, port, uri } = await setUp(t, {
        attributes: operation === 'Print-Job' ? onlyPrintJob : description,
        on: { [operation]: reply },
      });
      const outcome = await print(port, uri, one());
      t.match(outcome, { result, evidence, bytes: letter.length }, `${operation}: ${status}`);
      t.equal(peer.of('Cancel-Job').length, operation === 'Print-Job' ? 0 : 1, 'the open job is called back');
    }
});

t.test('a refusal that comes while the document is being sent ends the sending', async (t) => {
  const { peer, port, uri } = await setUp(t, {
    attributes: onlyPrintJob,
    early: { 'Print-Job': () => ({ status: 'server-error-busy' }) },
    readAtMost: 1,
  });
  const outcome = await print(port, uri, delivery([document(octets(30_000_000))]));
  t.match(outcome, { result: 'busy', evidence: 'not-started' });
  t.ok(outcome.bytes < 30_000_000);
  t.notOk(peer.of('Print-Job')[0]?.whole);
});

t.test('a success that comes early does not cut the document short', async (t) => {
  const { peer, port, uri } = await setUp(t, {
    attributes: onlyPrintJob,
    early: { 'Print-Job': () => ({ groups: [job(5, 5)] }) },
  });
  const outcome = await print(port, uri, delivery([document(octets(5_000_000))]));
  t.match(outcome, { result: 'delivered', evidence: 'confirmed', bytes: 5_000_000 });
  t.ok(peer.of('Print-Job')[0]?.whole);
  t.ok(peer.of('Print-Job')[0]?.document.equals(octets(5_000_000)));
});

t.test('a success that comes early, and then nothing is read any more, is no success', async (t) => {
  const { peer, port, uri } = await setUp(t, {
    attributes: onlyPrintJob,
    early: { 'Print-Job': () => ({ groups: [job(5, 5)] }) },
    readAtMost: 100_000,
  });
  const work = print(port, uri, delivery([document(octets(20_000_000))]));
  await until(() => (peer.of('Print-Job')[0]?.document.length ?? 0) >= 100_000);
  peer.of('Print-Job')[0]?.socket.destroy();
  t.match(await work, { result: 'interrupted', evidence: 'partial', detail: /before it had everything/ });
});

t.test('a connection that breaks in the middle of a document interrupts', async (t) => {
  for (const operation of ['Print-Job', 'Send-Document'] as const) {
    const { peer, port, uri } = await setUp(t, {
      attributes: operation === 'Print-Job' ? onlyPrintJob : description,
      early: { [operation]: () => 'cut' },
    });
    const outcome = await print(port, uri, delivery([document(octets(20_000_000))]));
    t.match(outcome, { result: 'interrupted', evidence: 'partial' }, operation);
    t.ok(outcome.bytes < 20_000_000);
    t.equal(peer.of('Cancel-Job').length, operation === 'Print-Job' ? 0 : 1);
  }
});

t.test('strings of the printer are stripped and cut', async (t) => {
  const evil = `\u0007\u001b]0;title\u0007${'x'.repeat(900)}`;
  const { port, uri } = await setUp(t, {
    on: { 'Get-Job-Attributes': () => ({ groups: [job(1, 8, evil)] }) },
  });
  const { detail } = await print(port, uri, one());
  t.notMatch(detail, /\p{Cc}/u);
  t.ok(detail.length < 400);
});

t.test('damaged answers never break more than the attempt', async (t) => {
  const corpus = [
    answerBytes({ groups: [group(groupTags.printer, ...description)] }),
    answerBytes({ groups: [job(1, 5, 'job-printing')] }),
    answerBytes({ status: 'client-error-bad-request' }),
  ];
  const seed = 20_261_122;
  for (const operation of ['Get-Printer-Attributes', 'Create-Job', 'Send-Document', 'Print-Job'] as const) {
    const damaged = [...mutations(corpus, { seed, count: 80 })];
    let next = 0;
    const { port, uri } = await setUp(
      t,
      {
        attributes: operation === 'Print-Job' ? onlyPrintJob : description,
        on: { [operation]: () => ({ raw: damaged[next] ?? new Uint8Array() }) },
      },
      hastyClock(),
    );
    for (; next < damaged.length; next += 1) {
      const outcome = await print(port, uri, delivery([document('abc')]));
      const isFine = outcome.evidence !== 'confirmed' || outcome.result === 'delivered';
      if (!isFine || /\p{Cc}/u.test(outcome.detail))
        t.fail(`${operation}, seed ${seed}, number ${next}: ${JSON.stringify(outcome)}`);
    }
    t.pass(`${damaged.length} damaged answers to ${operation}`);
  }
});

t.test(
  'wherever the connection breaks, a job is confirmed only where it is there, and called back where it is not',
  async (t) => {
    const seed = 20_261_123;
    const random = new Random(seed);
    const text = octets(120_000, 9);
    const results = new Map<string, number>();
    for (let trial = 0; trial < 120; trial += 1) {
      const { peer, port, uri } = await setUp(
        t,
        {
          attributes: trial % 2 === 0 ? onlyPrintJob : description,
          on: {
            'Get-Job-Attributes': (call) => {
              const id = Number(call.value('job-id'));
              return peer.jobs.get(id)?.[0]?.length === text.length
                ? undefined
                : { groups: [job(id, 5, 'job-incoming')] };
            },
          },
        },
        hastyClock(),
      );
      const fromPrinter = random.below(2) === 0;
      const proxy = await startCutter(t, peer.port, {
        fromPrinter,
        after: random.below(fromPrinter ? 1_500 : 123_000),
      });
      const what = delivery([document(text)]);
      const outcome = await print(port, uri.replace(String(peer.port), String(proxy)), what);
      const isThere = [...peer.jobs.values()].some(([first]) => first?.equals(text));
      const isOpen = peer.of('Create-Job').length > 0 && outcome.result === 'interrupted';
      const isRight =
        (outcome.result === 'delivered' ? isThere : outcome.evidence !== 'confirmed') &&
        (outcome.evidence !== 'not-started' || !isThere) &&
        (!isOpen || peer.of('Cancel-Job').length === 1) &&
        (outcome.bytes === 0 || what.begun.length === 1);
      if (!isRight) t.fail(`seed ${seed}, trial ${trial}: ${JSON.stringify(outcome)}, ${peer.operations().join()}`);
      results.set(outcome.result, (results.get(outcome.result) ?? 0) + 1);
    }
    t.comment(JSON.stringify([...results]));
    t.ok(['delivered', 'interrupted', 'unreachable'].every((result) => results.has(result)));
  },
);
