// Short runs of the crash campaign (`npm run campaign:crash` does long ones), and a server with a mistake that they must catch.

import t, { type Test } from 'tap';
import { mutantCommand } from '../mutants/names.js';
import { type Breach, check } from '../support/campaign/check.js';
import { countsOf } from '../support/campaign/counts.js';
import type { PlannedKill } from '../support/campaign/faults.js';
import type { History } from '../support/campaign/history.js';
import { crashRun, type RunOptions } from '../support/campaign/run.js';
import { temporaryDirectory } from '../support/temporary.js';

const runs: readonly { seed: string; kills: readonly PlannedKill[] }[] = [
  {
    seed: 'test1',
    kills: [
      { trigger: 'print', target: 'worker', afterMs: 50 },
      { trigger: 'answer', target: 'both', afterMs: 200 },
    ],
  },
  {
    seed: 'test2',
    kills: [
      { trigger: 'time', target: 'parent', afterMs: 300 },
      { trigger: 'start', target: 'both', afterMs: 200 },
    ],
  },
];

const judged = async (
  t: Test,
  options: Omit<RunOptions, 'run' | 'directory'>,
): Promise<{ history: History; breaches: readonly Breach[] }> => {
  const history = await crashRun({ ...options, run: 1, directory: await temporaryDirectory(t), jobsPerClient: 8 });
  return { history, breaches: check(history) };
};

for (const { seed, kills } of runs) {
  const how = kills.map(({ trigger, target }) => `${target} at ${trigger}`).join(', ');
  t.test(`a node that is killed (${how}) keeps its promises`, async (t) => {
    const { history, breaches } = await judged(t, { seed, kills });
    const counts = countsOf(history);
    t.strictSame(breaches, [], `seed ${seed}: ${JSON.stringify(counts)}`);
    t.equal(history.kills.length, kills.length);
    t.ok(counts.acknowledged >= 24, `${counts.acknowledged} acknowledgements`);
    t.ok(counts.completed >= 12, `${counts.completed} jobs printed`);
  });
}

t.test('a node that answers before it commits is caught', async (t) => {
  const kills = [{ trigger: 'answer', target: 'worker', afterMs: 200 }] as const;
  const { breaches } = await judged(t, { seed: 'test3', kills, command: mutantCommand('answers-before-commit') });
  t.ok(
    breaches.some(({ rule }) => rule === 'lost'),
    JSON.stringify(breaches.slice(0, 3)),
  );
});
