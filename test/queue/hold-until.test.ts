import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { holdUntilKeywords, mustReadHoldUntil, readHoldUntil } from '../../lib/queue/hold-until.js';

const local = (text: string): number => new Date(text).getTime();
const at = (day: number, hour: number, minute = 0): string =>
  `2026-03-${String(day).padStart(2, '0')}T${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}:00`;

// 2026-03-02 is a Monday. Value, now, when the hold ends (local time), or "prints" or "for ever".
const table: [value: string, now: string, end: string][] = [
  ['no-hold', at(2, 12), 'prints'],
  ['indefinite', at(2, 12), 'for ever'],
  ['day-time', at(2, 5, 59), at(2, 6)],
  ['day-time', at(2, 6), 'prints'],
  ['day-time', at(2, 17, 59), 'prints'],
  ['day-time', at(2, 18), at(3, 6)],
  ['evening', at(2, 12), at(2, 18)],
  ['evening', at(2, 23, 59), 'prints'],
  ['evening', at(3, 0), at(3, 18)],
  ['night', at(2, 12), at(2, 18)],
  ['night', at(2, 23), 'prints'],
  ['night', at(3, 5, 59), 'prints'],
  ['night', at(3, 6), at(3, 18)],
  ['weekend', at(2, 12), at(7, 0)],
  ['weekend', at(6, 23, 59), at(7, 0)],
  ['weekend', at(7, 0), 'prints'],
  ['weekend', at(8, 23, 59), 'prints'],
  ['second-shift', at(2, 15, 59), at(2, 16)],
  ['second-shift', at(2, 16), 'prints'],
  ['third-shift', at(2, 7, 59), 'prints'],
  ['third-shift', at(2, 8), at(3, 0)],
];

const readable = (value: string, now: number): string => {
  const read = readHoldUntil(value, now);
  if (read === undefined) return 'not supported';
  if (!read.held) return 'prints';
  return read.endsAt === undefined ? 'for ever' : String(read.endsAt);
};

for (const [value, now, end] of table)
  t.test(`${value} at ${now}: ${end}`, async (t) => {
    t.equal(readable(value, local(now)), end.startsWith('2026') ? String(local(end)) : end);
  });

t.test('a bare time is UTC, today or else tomorrow', async (t) => {
  const now = Date.UTC(2026, 2, 2, 12, 0, 0);
  t.equal(readable('12:00:01', now), String(now + 1_000));
  t.equal(readable('13:00', now), String(now + 3_600_000));
  t.equal(readable('12:00', now), String(now + 86_400_000));
  t.equal(readable('0:00', now), String(now + 12 * 3_600_000));
});

t.test('everything else is refused', async (t) => {
  const words = [
    '',
    'soon',
    '24:00',
    '12:60',
    '12:00:60',
    '1:2',
    '12:00 ',
    'Night',
    'constructor',
    '__proto__',
    'toString',
  ];
  for (const value of words) {
    t.equal(readHoldUntil(value, 0), undefined, value);
    t.throws(() => mustReadHoldUntil(value, 0), { code: 'bad-request' }, value);
  }
});

t.test('every keyword that is advertised is read', async (t) => {
  for (const value of holdUntilKeywords) t.ok(readHoldUntil(value, 0), value);
});

t.test('a hold never ends in the past, at any hour of a year', async (t) => {
  const start = Date.UTC(2026, 0, 1);
  for (let hour = 0; hour < 365 * 24; hour += 5) {
    const now = start + hour * 3_600_000 + 1;
    for (const value of holdUntilKeywords) {
      const read = readHoldUntil(value, now);
      const endsAt = read?.held === true ? read.endsAt : undefined;
      if (endsAt !== undefined && endsAt <= now) t.fail(`${value} at ${now} ended at ${endsAt}`);
      if (endsAt !== undefined && readable(value, endsAt) !== 'prints')
        t.fail(`${value} at ${now} is held again at its end`);
    }
  }
});

if (process.env['TZ'] === undefined || !process.argv.includes('--one-zone'))
  for (const zone of ['America/New_York', 'Pacific/Auckland'])
    t.test(`the same in ${zone}, summer time included`, async (t) => {
      const { status, stdout } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--one-zone'], {
        env: { ...process.env, TZ: zone },
        encoding: 'utf8',
      });
      t.equal(
        status,
        0,
        stdout
          .split('\n')
          .filter((line) => line.includes('not ok'))
          .join('\n'),
      );
    });
