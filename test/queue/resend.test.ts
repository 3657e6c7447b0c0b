// When a job is one that its client has sent before: the whole table.

import t from 'tap';
import type { JobRecord } from '../../lib/model/job.js';
import { type Acceptance, mayAnswer, signatureOf, type SentJob, wentUnheard } from '../../lib/queue/resend.js';

const broken = { epoch: 'this', ended: 'abnormally', acceptedAt: 100_000 } as const;
const before = { epoch: 'last', acceptedAt: 100_000, epochEndedAt: 103_000, holders: [true] } as const;

const table: readonly (readonly [is: boolean, what: string, first: Acceptance, resentAt: number])[] = [
  [true, 'the connection of the first one broke', broken, 101_000],
  [true, '60 s ago', broken, 160_000],
  [false, 'more than 60 s ago', broken, 160_001],
  [true, 'it was sent again before the first one was on record', broken, 99_000],
  [false, 'its connection did not break', { ...broken, ended: 'open' }, 101_000],
  [true, 'accepted 3 s before the epoch ended', before, 104_000],
  [true, 'accepted 5 s before the epoch ended', { ...before, epochEndedAt: 105_000 }, 110_000],
  [false, 'accepted earlier than that', { ...before, epochEndedAt: 105_001 }, 110_000],
  [false, 'sent again too late after a change of owner', before, 160_001],
  [false, 'a holder was told that the client had gone on', { ...before, holders: [true, false] }, 104_000],
  [false, 'no holder is there to tell', { ...before, holders: [] }, 104_000],
];

for (const [is, what, first, resentAt] of table)
  t.test(`${is ? 'a resend' : 'a new job'}: ${what}`, async (t) => t.equal(wentUnheard(first, resentAt), is));

const document = { number: 1, format: 'text/plain', epoch: 1, length: 3, sha256: 'aa', holders: { a: 'x' } };
const job: SentJob = {
  printer: 'lp',
  name: 'letter',
  user: 'alice',
  origin: { protocol: 'lpd', address: '192.0.2.1', number: '077' },
  copies: 1,
  ticket: '',
  documents: [document],
};

t.test('all that a client says of a job and all that it sends must be the same', async (t) => {
  const other: readonly Partial<SentJob>[] = [
    { printer: 'other' },
    { name: 'other' },
    { user: 'bob' },
    { origin: { ...job.origin, address: '192.0.2.2' } },
    { origin: { ...job.origin, number: '078' } },
    { origin: { protocol: 'ipp', address: '192.0.2.1' } },
    { copies: 2 },
    { ticket: 'AA==' },
    { documents: [{ ...document, length: 4 }] },
    { documents: [{ ...document, sha256: 'bb' }] },
    { documents: [document, document] },
  ];
  for (const change of other) t.not(signatureOf({ ...job, ...change }), signatureOf(job), JSON.stringify(change));
  const elsewhere = [{ ...document, epoch: 2, holders: { b: 'y' }, format: 'text/html' }];
  t.equal(signatureOf({ ...job, documents: elsewhere }), signatureOf(job), 'where it lies says nothing');
});

t.test('a job answers for one resend, and not when it was called back', async (t) => {
  const record = { state: 'pending' } as JobRecord;
  for (const state of ['pending', 'pending-held', 'processing', 'completed'] as const)
    t.ok(mayAnswer({ ...record, state }), state);
  for (const state of ['canceled', 'aborted'] as const) t.notOk(mayAnswer({ ...record, state }), state);
  t.notOk(mayAnswer({ ...record, resends: 1 }));
  t.notOk(mayAnswer({ ...record, openUntil: 1 }));
});
