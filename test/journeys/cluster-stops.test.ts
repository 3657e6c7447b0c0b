// The owner's worker, its supervisor, or both stand still for longer than a takeover takes, and go on: nobody writes after the deadline.

import t from 'tap';
import { breachesOf, timesOf } from '../support/cluster/judge.js';
import { nodeParts } from '../support/cluster/cluster-process.js';
import { stopped } from '../support/cluster/scenarios.js';
import { takeoverRun } from '../support/cluster/takeover-run.js';
import { skipWithoutEtcd } from '../support/etcd.js';

const stoodStillMs = 1.1 * 2_600;

for (const part of nodeParts)
  t.test(`${part} stopped while a document is sent, then woken`, skipWithoutEtcd, async (t) => {
    const result = await takeoverRun(t, {
      seed: `stopped-${part}`,
      run: 1,
      pages: 200,
      waiting: 20,
      changes: [1, 1],
      fault: stopped(part, stoodStillMs),
    });
    t.strictSame(breachesOf(result), []);
    if (part !== 'supervisor') t.ok((result.cluster.written ?? 0) > 0, 'it was writing when it was stopped');
    t.comment(JSON.stringify(timesOf(result)));
  });
