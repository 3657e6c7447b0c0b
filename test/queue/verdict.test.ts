import * as fc from 'fast-check';
import t from 'tap';
import { type Result, results } from '../../lib/model/outcome.js';
import { backOffMs, type Verdict, verdictOn } from '../../lib/queue/verdict.js';

const retry = (afterMs: number, failed: boolean): Verdict => ({ do: 'retry', afterMs, failed });
const hold: Verdict = { do: 'hold', by: 'attempts' };

// Outcome × what came before → verdict. `of`: failures before this one, of how many; `refusals`: in a row, this one included.
const table: Record<Result, [name: string, of: [number, number], refusals: number, verdict: Verdict][]> = {
  delivered: [
    ['at once', [0, 3], 0, { do: 'done' }],
    ['after failures', [9, 3], 0, { do: 'done' }],
  ],
  'lost-ownership': [['at any time', [2, 3], 5, { do: 'drop' }]],
  canceled: [['at the device', [2, 3], 0, { do: 'cancel', at: 'device' }]],
  unreachable: [
    ['the first time', [0, 3], 1, retry(1_000, false)],
    ['the second time', [2, 3], 2, retry(2_000, false)],
    ['the fourth time', [0, 3], 4, retry(8_000, false)],
    ['the hundredth time, whatever failed before', [99, 1], 100, retry(15_000, false)],
  ],
  busy: [['for ever', [9, 1], 1_000, retry(15_000, false)]],
  'needs-attention': [['for ever', [9, 1], 1_000, retry(15_000, false)]],
  'auth-required': [['at any time', [0, 3], 0, { do: 'stop-printer' }]],
  rejected: [
    ['the first time', [0, 3], 0, retry(4_000, true)],
    ['the second time', [1, 3], 0, retry(8_000, true)],
    ['the last time', [2, 3], 0, hold],
    ['when one attempt is all there is', [0, 1], 0, hold],
  ],
  interrupted: [
    ['the first time', [0, 3], 0, retry(0, true)],
    ['the second time', [1, 3], 0, retry(1_000, true)],
    ['the last time', [2, 3], 0, hold],
    ['when there were more than may be', [7, 3], 0, hold],
  ],
};

const outcome = (result: Result) => ({ result, evidence: 'partial' as const, detail: '', bytes: 0 });

for (const result of results)
  for (const [name, [failures, maxAttempts], refusalsInARow, wanted] of table[result])
    t.test(`${result}, ${name}: ${wanted.do}`, async (t) => {
      t.same(verdictOn(outcome(result), { failures, maxAttempts, refusalsInARow }), wanted);
      const cutOff = verdictOn(outcome(result), { failures, maxAttempts, refusalsInARow, endedBy: 'cut-off' });
      t.same(
        cutOff,
        result === 'canceled' ? retry(0, false) : wanted,
        'a cut-off changes only what the port stopped for it',
      );
    });

t.test('a cancel ends the job only when the port stopped because of it', async (t) => {
  const history = { failures: 0, maxAttempts: 3, refusalsInARow: 0, endedBy: 'cancel' as const };
  t.same(verdictOn(outcome('canceled'), history), { do: 'cancel', at: 'server' });
  t.same(verdictOn(outcome('delivered'), history), { do: 'done' });
});

t.test('the back-off grows, has a bound, and is never 0', async () => {
  fc.assert(
    fc.property(fc.integer({ min: -5, max: 100_000 }), (n) => {
      const [now, next] = [backOffMs(n), backOffMs(n + 1)];
      return now >= 1_000 && now <= 15_000 && next >= now;
    }),
  );
});
