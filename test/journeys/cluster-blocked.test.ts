// An event loop is blocked until after the deadline: a confirmation that waits behind it comes too late.

import t from 'tap';
import { breachesOf, timesOf } from '../support/cluster/judge.js';
import { blocked, blocker } from '../support/cluster/scenarios.js';
import { takeoverRun } from '../support/cluster/takeover-run.js';
import { skipWithoutEtcd } from '../support/etcd.js';

for (const part of ['worker', 'both'] as const)
  t.test(`the event loop of ${part} blocked for 2 s while a document is sent`, skipWithoutEtcd, async (t) => {
    const result = await takeoverRun(t, {
      seed: `blocked-${part}`,
      run: 1,
      pages: 200,
      waiting: 20,
      changes: [1, 1],
      preload: blocker,
      fault: blocked(part),
    });
    t.strictSame(breachesOf(result), []);
    t.ok((result.cluster.written ?? 0) > 0, 'it was writing when it was blocked');
    t.comment(JSON.stringify(timesOf(result)));
  });
