import t from 'tap';
import {
  formatLongStatus,
  formatShortStatus,
  selectEntries,
  type QueueEntry,
} from '../../../lib/protocols/lpd/queue-status.js';

const entry = (id: number, changes: Partial<QueueEntry> = {}): QueueEntry => ({
  id,
  state: 'waiting',
  owner: 'alice',
  host: 'box',
  copies: 1,
  files: [{ name: 'letter.txt', octets: 1000 }],
  ...changes,
});

const entries = [
  entry(12, { state: 'active' }),
  entry(13, { owner: 'bob', host: '', files: [{ name: '', octets: 5 }], copies: 2 }),
  entry(14, { state: 'held' }),
  entry(15, {
    files: [
      { name: 'a', octets: 1 },
      { name: 'b', octets: 2 },
    ],
  }),
];

t.test('the short status is the table of lpq', async (t) => {
  t.equal(
    formatShortStatus({ queue: 'lp', message: 'ready and printing', entries }),
    [
      'lp is ready and printing',
      'Rank    Owner      Job    Files                                 Total Size',
      'active  alice      12     letter.txt                            1000 bytes',
      '1st     bob        13     (document)                            10 bytes',
      'held    alice      14     letter.txt                            1000 bytes',
      '2nd     alice      15     a, b                                  3 bytes',
      '',
    ].join('\n'),
  );
});

t.test('the long status has a paragraph for each job', async (t) => {
  t.equal(
    formatLongStatus({ queue: 'lp', message: 'ready', entries: entries.slice(0, 2) }),
    [
      'lp is ready',
      '',
      'alice: active                            [job 12 box]',
      '        letter.txt                              1000 bytes',
      '',
      'bob: 1st                                 [job 13]',
      '        2 copies of (document)                  5 bytes',
      '',
    ].join('\n'),
  );
});

t.test('an empty queue says so', async (t) => {
  t.equal(formatShortStatus({ queue: 'lp', message: 'ready', entries: [] }), 'lp is ready\nno entries\n');
  t.equal(formatLongStatus({ queue: 'lp', message: 'ready', entries: [] }), 'lp is ready\nno entries\n');
});

t.test('operands select by number or owner', async (t) => {
  const ids = (...list: string[]) => selectEntries(entries, list).map(({ id }) => id);
  t.strictSame(ids(), [12, 13, 14, 15]);
  t.strictSame(ids('bob', '14'), [13, 14]);
  t.strictSame(ids('nobody'), []);
});

t.test('ranks are ordinals', async (t) => {
  const many = Array.from({ length: 23 }, (_, index) => entry(index));
  const ranks = formatShortStatus({ queue: 'lp', message: 'ready', entries: many })
    .split('\n')
    .slice(2, 25)
    .map((line) => line.split(' ')[0]);
  t.strictSame(
    [ranks[0], ranks[1], ranks[2], ranks[3], ranks[10], ranks[11], ranks[12], ranks[20], ranks[21], ranks[22]],
    ['1st', '2nd', '3rd', '4th', '11th', '12th', '13th', '21st', '22nd', '23rd'],
  );
});
