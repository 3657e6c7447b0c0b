// Servers with one mistake each: the crash campaign must catch every one within a few runs, or it proves nothing of the real one.

import t from 'tap';
import { type Mutant, mutantCommand } from '../mutants/names.js';
import { type Breach, check } from '../support/campaign/check.js';
import { crashRun } from '../support/campaign/run.js';
import { temporaryDirectory } from '../support/temporary.js';

const mistakes: readonly (readonly [Mutant, Breach['rule']])[] = [
  ['answers-before-commit', 'lost'],
  ['keeps-completed', 'printed-again'],
  ['forgets-ids', 'ids'],
  ['takes-half-documents', 'partial'],
];
const mostRuns = 5;

for (const [mutant, rule] of mistakes)
  t.test(`a node that ${mutant.replaceAll('-', ' ')} is caught`, async (t) => {
    for (let run = 1; run <= mostRuns; run += 1) {
      const directory = await temporaryDirectory(t);
      const command = mutantCommand(mutant);
      const history = await crashRun({ seed: mutant.replaceAll('-', ''), run, directory, command, settleMs: 10_000 });
      const breaches = check(history).filter((breach) => breach.rule === rule);
      if (breaches.length === 0) continue;
      t.pass(`run ${run}: ${breaches[0]?.text}`);
      return;
    }
    t.fail(`${mostRuns} runs did not show it`);
  });
