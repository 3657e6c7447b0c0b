// Members of etcd are killed while a document is being sent: with most of them there nobody notices; without them the owner stops, and goes on by itself.

import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { check } from '../support/campaign/check.js';
import { checkCluster } from '../support/cluster/check-cluster.js';
import { killMembers, membersKilled } from '../support/cluster/scenarios.js';
import { longPrinter, takeoverRun } from '../support/cluster/takeover-run.js';
import { connectionsAt, connects } from '../support/cluster/stopwatch.js';
import { skipWithoutEtcd } from '../support/etcd.js';

for (const [name, choose] of Object.entries(membersKilled))
  t.test(`a member killed (${name}): no change of owner, nothing lost`, skipWithoutEtcd, async (t) => {
    const result = await takeoverRun(t, {
      seed: 'members',
      run: 1,
      pages: 200,
      waiting: 20,
      changes: [0, 0],
      fault: killMembers(choose),
    });
    t.strictSame(check(result.history), []);
    t.strictSame(checkCluster(result.cluster), []);
    t.strictSame(result.shown.after, result.shown.before, 'lpq shows the same ids in the same order');
  });

/** `fenceAfter`, and what closing takes on a busy machine. */
const stoppedWithinMs = 1_800 + 1_000;

t.test('all members down: the owner stops at its deadline, and resumes by itself', skipWithoutEtcd, async (t) => {
  let stoppedMs = Infinity;
  const result = await takeoverRun(t, {
    seed: 'nomembers',
    run: 1,
    pages: 200,
    waiting: 20,
    changes: [1, 1],
    fault: async ({ cluster, printers }) => {
      const { members } = cluster.etcd;
      const down = performance.now();
      await Promise.all(members.map((member) => member.kill()));
      const place = cluster.at('ipp');
      while ((await connects(place)) && performance.now() < down + 15_000) await pause(5);
      stoppedMs = performance.now() - down;
      const device = printers.emulators[longPrinter]!;
      t.strictSame([...connectionsAt(device)], [], 'no node has a connection to the printer');
      for (const member of members) member.start();
      await cluster.etcd.ready();
      const at = Date.now();
      return { at, kills: [{ target: 'both', trigger: 'time', at, goneAfterMs: 0 }] };
    },
  });
  t.strictSame(check(result.history), []);
  t.strictSame(checkCluster(result.cluster), []);
  t.strictSame(result.shown.after, result.shown.before, 'lpq shows the same ids in the same order');
  t.ok(stoppedMs <= stoppedWithinMs, `nobody listened any more after ${Math.round(stoppedMs)} ms`);
  t.comment(JSON.stringify(result.stages));
});
