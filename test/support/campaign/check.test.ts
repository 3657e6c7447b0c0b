// The checker against small histories: one in which all went well, and one for each way in which it may not.

import t from 'tap';
import { type Breach, check } from './check.js';
import { contentOf, readPrint, sha256 } from './documents.js';
import type { History, JobAtEnd, Print, SentJob } from './history.js';

const hash = (tag: string, number = 1): string => sha256(contentOf(tag, number, 100));
const length = contentOf('a', 1, 100).length;

const sent = (tag: string, changes: Partial<SentJob> = {}): SentJob => ({
  tag,
  way: 'print-job',
  printer: 'quick',
  sentAt: 1_000,
  id: tag.charCodeAt(0),
  documents: [{ length, sha256: hash(tag), answer: 'acknowledged' }],
  ...changes,
});

const atEnd = (tag: string, changes: Partial<JobAtEnd> = {}): JobAtEnd => ({
  id: tag.charCodeAt(0),
  name: tag,
  printer: 'quick',
  state: 'completed',
  attemptCount: 1,
  completed: 2_000,
  documents: [{ number: 1, length, sha256: hash(tag) }],
  attempts: [{ result: 'delivered', evidence: 'confirmed' }],
  ...changes,
});

const print = (tag: string, changes: Partial<Print> = {}): Print => ({
  printer: 'quick',
  startedAt: 1_500,
  endedAt: 1_600,
  length,
  tag,
  documents: [hash(tag)],
  partOctets: 0,
  foreign: false,
  ...changes,
});

const inPart: Partial<Print> = { documents: [], partOctets: 40 };
const again: Partial<JobAtEnd> = {
  attemptCount: 2,
  attempts: [
    { result: 'interrupted', evidence: 'partial' },
    { result: 'delivered', evidence: 'confirmed' },
  ],
};

const history = (changes: Partial<History> = {}): History => {
  const end = changes.end ?? [atEnd('a'), atEnd('b')];
  return {
    seed: 's',
    run: 1,
    jobs: [sent('a'), sent('b')],
    prints: [print('a'), print('b')],
    kills: [{ target: 'worker', trigger: 'time', at: 1_200, goneAfterMs: 3 }],
    seenCompleted: [],
    settled: true,
    end,
    notFound: [],
    spooled: end.flatMap(({ id, documents }) => documents.map(({ number, sha256 }) => ({ job: id, number, sha256 }))),
    leftovers: [],
    quarantined: 0,
    ...changes,
  };
};

const unknown = (tag: string, answer: 'unknown' | 'cut'): SentJob => {
  const { id: _, ...rest } = sent(tag, { documents: [{ length, sha256: hash(tag), answer }] });
  return rest;
};

const fine: Readonly<Record<string, Partial<History>>> = {
  'everything is printed once': {},
  'a kill leaves a part at the printer, and the last attempt is whole': {
    end: [atEnd('a', again), atEnd('b')],
    prints: [print('a', { ...inPart, startedAt: 1_100 }), print('a'), print('b')],
  },
  'a kill between the last octet and the completion costs a second copy': {
    end: [atEnd('a', again), atEnd('b')],
    prints: [print('a', { startedAt: 1_100 }), print('a'), print('b')],
  },
  'a job without an answer is there': { jobs: [unknown('a', 'unknown'), sent('b')] },
  'a job without an answer is not there': {
    jobs: [unknown('a', 'unknown'), sent('b')],
    end: [atEnd('b')],
    prints: [print('b')],
  },
};

const wrong: Readonly<Record<string, readonly [Breach['rule'], Partial<History>]>> = {
  'an acknowledged job has no record': ['lost', { end: [atEnd('b')], prints: [print('b')] }],
  'an acknowledged job is completed and was not printed': ['lost', { prints: [print('b')] }],
  'an acknowledged document is missing from its job': [
    'lost',
    { end: [atEnd('a', { documents: [] }), atEnd('b')], prints: [print('b')] },
  ],
  'the last attempt was cut off': ['partial', { prints: [print('a', inPart), print('b')] }],
  'a document that its client cut off is on record': ['partial', { jobs: [unknown('a', 'cut'), sent('b')] }],
  'a record lists another document': [
    'partial',
    { end: [atEnd('a', { documents: [{ number: 1, length, sha256: 'f00' }] }), atEnd('b')] },
  ],
  'what nobody sent is printed': ['foreign', { prints: [print('a'), print('b'), print('c')] }],
  'what nobody sent is on record': ['foreign', { end: [atEnd('a'), atEnd('b'), atEnd('c')] }],
  'octets of two jobs are mixed': ['foreign', { prints: [print('a'), print('b', { foreign: true })] }],
  'a job is printed after a client saw it completed': [
    'printed-again',
    {
      end: [atEnd('a', { ...again, completed: 9_000 }), atEnd('b')],
      prints: [print('a'), print('a', { startedAt: 5_000 }), print('b')],
      seenCompleted: [{ id: 97, at: 2_100 }],
    },
  ],
  'one id is given twice': ['ids', { jobs: [sent('a'), sent('b', { id: 97 })] }],
  'an id becomes unknown': ['ids', { notFound: [{ id: 97, status: 0x0406 }] }],
  'one job is there twice': ['ids', { end: [atEnd('a'), atEnd('a', { id: 5 }), atEnd('b')] }],
  'a job is never finished': ['unsettled', { settled: false }],
  'an attempt was not on record': [
    'unrecorded-attempt',
    { prints: [print('a', { startedAt: 1_100 }), print('a'), print('b')] },
  ],
  'there were more attempts than kills': ['unexplained-attempt', { end: [atEnd('a', again), atEnd('b')], kills: [] }],
  'a temporary file is left': ['leftover', { leftovers: ['file documents/print/1/1.1.0123456789abcdef.part'] }],
  'a document belongs to nobody': [
    'leftover',
    { spooled: [...history().spooled, { job: 7, number: 1, sha256: 'f00' }] },
  ],
};

for (const [name, changes] of Object.entries(fine))
  t.test(`no breach: ${name}`, async (t) => t.strictSame(check(history(changes)), []));

for (const [name, [rule, changes]] of Object.entries(wrong))
  t.test(`breach: ${name}`, async (t) => {
    const rules = check(history(changes)).map((breach) => breach.rule);
    t.ok(rules.includes(rule), `found: ${rules.join(', ')}`);
  });

t.test('what a printer brought is compared octet by octet', async (t) => {
  const one = contentOf('tag', 1, 500);
  const two = contentOf('tag', 2, 0);
  const both = [sha256(one), sha256(two)];
  t.match(readPrint(Buffer.concat([one, two])), { tag: 'tag', documents: both, partOctets: 0, foreign: false });
  const isPart = (size: number): boolean => {
    const { documents, partOctets, foreign } = readPrint(one.subarray(0, size));
    return documents.length === 0 && partOctets === size && !foreign;
  };
  t.ok(
    Array.from({ length: one.length }, (_, size) => size).every(isPart),
    'every beginning of a document is a part of it',
  );
  t.match(readPrint(Buffer.concat([one, two.subarray(0, 7)])), { documents: [sha256(one)], partOctets: 7 });
  const spoilt = Buffer.from(one);
  spoilt[300]! ^= 1;
  t.match(readPrint(spoilt), { documents: [], foreign: true });
  t.match(readPrint(Buffer.concat([one, contentOf('other', 1, 9)])), { documents: [sha256(one)], foreign: true });
  t.match(readPrint(Buffer.from('hello')), { foreign: true });
});
