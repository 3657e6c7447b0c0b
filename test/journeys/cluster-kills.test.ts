// A node of three is killed while a long document is being sent and jobs wait: another takes over, and every job comes out once.

import t from 'tap';
import { check } from '../support/campaign/check.js';
import { checkCluster } from '../support/cluster/check-cluster.js';
import type { NodePart } from '../support/cluster/cluster-process.js';
import { takeoverRun } from '../support/cluster/takeover-run.js';
import { skipWithoutEtcd } from '../support/etcd.js';

const killed: Readonly<Record<NodePart, { readonly what: string; readonly withinMs: number }>> = {
  worker: { what: 'the worker', withinMs: 500 },
  supervisor: { what: 'the supervisor', withinMs: 3_500 },
  both: { what: 'supervisor and worker', withinMs: 3_500 },
};

for (const [part, { what, withinMs }] of Object.entries(killed))
  t.test(`${what} of the owner killed: another node goes on`, skipWithoutEtcd, async (t) => {
    const result = await takeoverRun(t, {
      seed: `kill-${part}`,
      run: 1,
      pages: 200,
      waiting: 20,
      changes: [1, 1],
      fault: async ({ owner }) => {
        const at = Date.now();
        owner.signal(part as NodePart, 'SIGKILL');
        return {
          at,
          kills: [{ target: 'both', trigger: 'time', at, goneAfterMs: 0 }],
          heal: async () => (owner.isRunning ? undefined : owner.start()),
        };
      },
    });
    t.strictSame(check(result.history), []);
    t.strictSame(checkCluster(result.cluster), []);
    t.equal(result.shown.before.length, 21);
    t.strictSame(result.shown.after, result.shown.before, 'lpq shows the same ids in the same order');
    t.ok(
      Math.max(result.stages?.accepting ?? Infinity, result.stages?.firstByte ?? Infinity) <= withinMs,
      JSON.stringify(result.stages),
    );
    t.comment(JSON.stringify(result.stages));
  });
