// The power of the owner, and of a whole cluster, is cut under load: every job that was acknowledged before is there and prints whole.

import t from 'tap';
import { breachesOf } from '../support/cluster/judge.js';
import { powerCutRun } from '../support/cluster/power-cut-run.js';
import { skipWithoutEtcd } from '../support/etcd.js';
import { noImages } from '../support/power-cut.js';

const why = await noImages(t.testdir());
const options = why === undefined ? skipWithoutEtcd : { skip: why };

for (const which of ['owner', 'all'] as const)
  t.test(`power cut of ${which === 'all' ? 'all nodes at once' : 'the owner'}`, options, async (t) => {
    const result = await powerCutRun(t, { seed: `power-${which}`, run: 1, which });
    t.strictSame(breachesOf(result), []);
  });
