import t from 'tap';
import { groupTags } from '../../lib/protocols/ipp/tags.js';
import { attribute, boolean, group, mimeType, range } from '../../lib/protocols/ipp/values.js';
import { delivery, document, print } from '../support/delivery.js';
import { describe, description, job, type Reply } from '../support/ipp-peer.js';
import { setUp, onlyPrintJob } from '../support/ipp-trial.js';

t.test('the format that is announced', async (t) => {
  const cases: readonly [string, readonly string[], string | undefined][] = [
    ['application/pdf', ['application/pdf', 'application/octet-stream'], 'application/pdf'],
    ['Application/PDF', ['application/pdf'], 'Application/PDF'],
    ['application/vnd.cups-raw', ['application/octet-stream'], 'application/octet-stream'],
    ['text/plain', ['image/urf'], 'text/plain'],
    ['application/octet-stream', ['image/urf'], undefined],
    ['text/plain', [], 'text/plain'],
  ];
  for (const [own, supported, announced] of cases) {
    const { peer, port, uri } = await setUp(t, {
      attributes: describe({ 'document-format-supported': supported.map(mimeType) }),
    });
    await print(port, uri, delivery([document('x', { format: own })]));
    t.equal(peer.of('Send-Document')[0]?.value('document-format'), announced, `${own} to [${supported.join()}]`);
  }
});

t.test('copies and several documents', async (t) => {
  const a = document('aaa', { name: 'a' });
  const b = document('bbbb', { name: 'b' });
  const single = describe({ 'multiple-document-jobs-supported': [boolean(false)] });
  const noCopies = { 'copies-supported': [] };
  const cases = [
    { name: 'copies by the attribute', documents: [a], copies: 3, printed: [['aaa']], asked: 3 },
    {
      name: 'more copies than the attribute allows',
      documents: [a],
      copies: 100,
      printed: [Array<string>(100).fill('aaa')],
    },
    {
      name: 'no copies attribute',
      documents: [a],
      copies: 2,
      attributes: describe(noCopies),
      printed: [['aaa', 'aaa']],
    },
    {
      name: 'several documents are repeated in sequence',
      documents: [a, b],
      copies: 2,
      printed: [['aaa', 'bbbb', 'aaa', 'bbbb']],
    },
    {
      name: 'one document a job',
      documents: [a, b],
      copies: 2,
      attributes: single,
      printed: [['aaa'], ['bbbb'], ['aaa'], ['bbbb']],
    },
    {
      name: 'Print-Job with the attribute',
      documents: [a],
      copies: 2,
      attributes: onlyPrintJob,
      printed: [['aaa']],
      asked: 2,
    },
    {
      name: 'Print-Job for each document',
      documents: [a, b],
      copies: 1,
      attributes: onlyPrintJob,
      printed: [['aaa'], ['bbbb']],
    },
    { name: 'nothing is sent for an empty document', documents: [document(''), a], copies: 1, printed: [['aaa']] },
    { name: 'nothing is sent for an empty job', documents: [document('')], copies: 2, printed: [] },
  ];
  for (const { name, documents, copies, attributes, printed, asked } of cases)
    await t.test(name, async (t) => {
      const { peer, port, uri } = await setUp(t, { attributes: attributes ?? description });
      const outcome = await print(port, uri, delivery(documents, { copies }));
      t.match(outcome, { result: 'delivered', evidence: 'confirmed', bytes: printed.flat().join('').length });
      t.strictSame(
        [...peer.jobs.values()].map((parts) => parts.map(String)),
        printed,
      );
      t.equal([...peer.of('Create-Job'), ...peer.of('Print-Job')][0]?.value('copies'), asked);
      const lasts = peer.of('Send-Document').map((call) => call.value('last-document'));
      t.equal(lasts.filter(Boolean).length, peer.of('Create-Job').length, 'each job is closed once');
    });
});

t.test('copies that the printer ignores are sent one by one', async (t) => {
  for (const operation of ['Create-Job', 'Print-Job'] as const) {
    const ignored = group(groupTags.unsupported, attribute('copies', range(1, 1)));
    const { peer, port, uri } = await setUp(t, {
      attributes: operation === 'Print-Job' ? onlyPrintJob : description,
      on: {
        [operation]: (call: { value(name: string): unknown }, times: number): Reply | undefined => {
          if (call.value('copies') === undefined) return undefined;
          peer.jobs.set(90 + times, []);
          return { status: 'successful-ok-ignored-or-substituted-attributes', groups: [job(90 + times, 3), ignored] };
        },
      },
    });
    t.match(await print(port, uri, delivery([document('abc')], { copies: 3 })), { result: 'delivered', bytes: 9 });
    t.strictSame(
      peer.of(operation).map((call) => call.value('copies')),
      [3, undefined, undefined],
    );
  }
});
