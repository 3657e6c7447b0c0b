// What operators do under load: groups move, nodes are drained, spoolers go offline and come back; no job is lost, doubled or cut.

import t from 'tap';
import { check } from '../support/campaign/check.js';
import { countsOf } from '../support/campaign/counts.js';
import { callIpp } from '../support/campaign/ipp-client.js';
import { checkCluster } from '../support/cluster/check-cluster.js';
import { type Cluster, groupName } from '../support/cluster/cluster.js';
import { loadRun, type LoadOptions } from '../support/cluster/load-run.js';
import { interruptedAt } from '../support/cluster/interrupted.js';
import { drain, move } from '../support/cluster/scenarios.js';
import { takeoverRun } from '../support/cluster/takeover-run.js';
import { skipWithoutEtcd } from '../support/etcd.js';

const busy = 0x0507;

const resource = `${groupName}/spooler`;

const acts: Readonly<Record<string, Pick<LoadOptions, 'act' | 'changes'>>> = {
  'a group moves': {
    changes: [1, 1],
    act: move,
  },
  'a node is drained and resumed': {
    changes: [1, 1],
    act: drain,
  },
  'a spooler goes offline and comes back': {
    changes: [0, 0],
    act: async (cluster: Cluster) => {
      await cluster.operate('resource', 'offline', resource);
      const reply = await callIpp(
        { ...cluster.at('ipp'), printer: 'quick', agent: false },
        { operation: 'print-job', jobName: 'nobody', document: Buffer.from('refused') },
      );
      t.equal(reply.status, busy, 'a new job is told that the server is busy');
      await cluster.operate('resource', 'online', resource);
      return [];
    },
  },
};

for (const [name, { act, changes }] of Object.entries(acts))
  t.test(
    `${name} under load: nothing lost, nothing doubled, no error for clients that come again`,
    skipWithoutEtcd,
    async (t) => {
      const result = await loadRun(t, { seed: 'moves', run: 1, act, changes });
      t.strictSame(check(result.history), []);
      t.strictSame(checkCluster(result.cluster), []);
      t.strictSame(result.clientErrors, []);
      t.comment(JSON.stringify({ ...countsOf(result.history), unansweredMs: result.unansweredMs, ...result.again }));
    },
  );

t.test(
  'a document that takes longer than jobCompletionTimeout is cut off and restarted',
  skipWithoutEtcd,
  async (t) => {
    const result = await takeoverRun(t, {
      seed: 'cutoff',
      run: 1,
      pages: 200,
      waiting: 5,
      changes: [1, 1],
      groups: { [groupName]: ['--job-completion-timeout', '2000'] },
      fault: async ({ cluster }) => {
        const at = Date.now();
        const [target] = await cluster.others();
        await cluster.operate('group', 'move', groupName, '--to', target!.name);
        t.ok(Date.now() - at >= 2_000, 'it was waited for');
        t.equal((await cluster.owner())?.node, target!.name);
        return { at, kills: [interruptedAt(at, 'cut-off')] };
      },
    });
    t.strictSame(check(result.history), []);
    t.strictSame(checkCluster(result.cluster), []);
    t.strictSame(result.shown.after, result.shown.before, 'lpq shows the same ids in the same order');
  },
);
