// The measurements work: one row, small and short. What it measures counts for nothing here.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { markdown, ratioOf, type RowResult } from './report.js';

const program = fileURLToPath(new URL('main.js', import.meta.url));

const bench = (args: readonly string[]): Promise<{ status: number | null; out: string; err: string }> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args]);
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, out, err }));
  });

t.test('a row is measured against the built server and printed as a table', async (t) => {
  const { status, out, err } = await bench(['--quick', '--no-peer', '--rows', 'accept-8']);
  t.equal(status, 0, err);
  t.match(out, /^\| what \| CUPS \| Platen \| ratio \| wanted \| {2}\|$/m);
  t.match(out, /^\| accepted jobs\/s, 10 KB, 8 connections, durable \| left out \| [\d.]+ jobs\/s \| – \|/m);
});

t.test('a row that there is not is refused with the usage', async (t) => {
  const { status, err } = await bench(['--rows', 'nonsense']);
  t.equal(status, 2);
  t.match(err, /there is no row nonsense\nUsage:/);
});

const result: RowResult = {
  row: 'large-job',
  what: 'one job',
  peer: { value: 200, unit: 'MB/s', better: 'larger' },
  platen: { value: 500, unit: 'MB/s', better: 'larger' },
  wanted: '≥ 80 % of the disk',
  met: false,
  notes: ['the disk writes 700 MB/s'],
};

t.test('the ratio is above one for what is better, be it larger or smaller', async (t) => {
  t.equal(ratioOf(result), 2.5);
  const seconds = { unit: 's', better: 'smaller' } as const;
  t.equal(ratioOf({ peer: { value: 14, ...seconds }, platen: { value: 0.25, ...seconds } }), 56);
  t.equal(ratioOf({ ...result, peer: 'left out' }), undefined);
});

t.test('the table has a row for each result, and the notes below it', async (t) => {
  t.equal(
    markdown([result], '2 cores').split('\n').slice(2).join('\n'),
    '| one job | 200 MB/s | 500 MB/s | 2.50 × | ≥ 80 % of the disk | FAIL |\n\n- large-job: the disk writes 700 MB/s\n- 2 cores\n',
  );
});
