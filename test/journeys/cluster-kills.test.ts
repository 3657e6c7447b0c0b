// A node of three is killed while a long document is being sent and jobs wait: another takes over, and every job comes out once.

import t from 'tap';
import { type NodePart, nodeParts } from '../support/cluster/cluster-process.js';
import { breachesOf, timesOf } from '../support/cluster/judge.js';
import { killed } from '../support/cluster/scenarios.js';
import { takeoverRun } from '../support/cluster/takeover-run.js';
import { skipWithoutEtcd } from '../support/etcd.js';

/** Who says in the store that the node lives no more: its own supervisor spares the others the wait. */
const fencedByItself: Readonly<Record<NodePart, boolean>> = { worker: true, supervisor: false, both: false };

for (const part of nodeParts)
  t.test(`${part} of the owner killed: another node goes on`, skipWithoutEtcd, async (t) => {
    const result = await takeoverRun(t, {
      seed: `kill-${part}`,
      run: 1,
      pages: 200,
      waiting: 20,
      changes: [1, 1],
      fault: killed(part),
    });
    t.strictSame(breachesOf(result), []);
    t.equal(result.shown.before.length, 21);
    const fencing = result.cluster.fencings[0];
    t.ok(fencing, 'it was fenced');
    t.equal(fencing?.by === fencing?.node, fencedByItself[part], `by ${fencing?.by}`);
    t.comment(JSON.stringify(timesOf(result)));
  });
