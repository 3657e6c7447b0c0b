import t from 'tap';
import { PlatenError } from '../../lib/errors.js';
import type { JobState } from '../../lib/model/job.js';
import { attemptEnd } from '../../lib/queue/attempt-end.js';

const history = { failures: 0, maxAttempts: 3, refusalsInARow: 0 };
const delivered = { result: 'delivered', evidence: 'confirmed', detail: '', bytes: 1 } as const;
const retryAtOnce = { kind: 'verdict', verdict: { do: 'retry', failed: true } };

const cases: [string, JobState, Parameters<typeof attemptEnd>[0]['ended'], object][] = [
  [
    'an outcome is judged',
    'processing',
    { outcome: delivered, pagesAfter: 7 },
    { verdict: { do: 'done' }, pagesAfter: 7 },
  ],
  [
    'what was printed without being on record is not printed for ever',
    'pending',
    { outcome: delivered },
    { verdict: { do: 'hold' } },
  ],
  [
    'a damaged document',
    'processing',
    { error: new PlatenError('document-damaged') },
    { verdict: { do: 'hold', by: 'document' } },
  ],
  [
    'a damaged document, seen in time',
    'pending',
    { error: new PlatenError('document-damaged') },
    { verdict: { do: 'hold', by: 'document' } },
  ],
  [
    'a job held while its printer was called',
    'pending-held',
    { error: new PlatenError('job-not-possible') },
    { kind: 'changed' },
  ],
  [
    'a job canceled while its printer was called',
    'pending',
    { error: new PlatenError('job-not-found') },
    { kind: 'changed' },
  ],
  [
    'a store out of reach before the first byte',
    'pending',
    { error: new PlatenError('store-unreachable') },
    { kind: 'not-made' },
  ],
  ['a disk that cannot be read in the middle', 'processing', { error: new PlatenError('spool-failed') }, retryAtOnce],
  ['a bug before the first byte', 'pending', { error: new TypeError('x') }, retryAtOnce],
  ['a bug in the middle', 'processing', { error: new TypeError('x') }, retryAtOnce],
];

for (const [name, state, ended, wanted] of cases)
  t.test(name, async (t) => {
    t.match(attemptEnd({ ended, state, history }), wanted);
  });

t.test('a bug that comes back ends in a hold', async (t) => {
  const end = attemptEnd({
    ended: { error: new TypeError('x') },
    state: 'pending',
    history: { ...history, failures: 2 },
  });
  t.match(end, { verdict: { do: 'hold', by: 'attempts' } });
});
