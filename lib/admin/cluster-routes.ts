// The cluster at a glance: nodes, owners, the store; and nodes that are drained.

import { z } from 'zod';
import type { GroupRecord } from '../model/cluster.js';
import type { EventCode } from '../model/event.js';
import type { AdminApp, AdminParts } from './admin-parts.js';
import { type ClusterFace, clusterOf } from './cluster-face.js';
import { groupNames, heardNodes, liveOwner, nodeStates, stateOf } from './cluster-view.js';
import { nameText, storeSilentSince } from './fields.js';
import { showGroup } from './group-answers.js';
import { groupStates } from './group-state.js';
import { type SelfAnswer, selfRoute, selvesOf } from './node-talk.js';
import { problemResponses } from './problems.js';
import { ownerOf, silenceOf, type View } from '../cluster/view.js';
import type { Clock } from '../platform/clock.js';
import { keys } from '../store/keys.js';

const nodeAnswer = z.object({
  name: z.string(),
  state: z.enum(nodeStates),
  drained: z.boolean(),
  silentForMs: z.number().describe('Since this node heard of it last'),
  incarnation: z.string().describe('The first characters of it'),
  fenced: z.object({ by: z.string(), because: z.string() }).optional(),
  notReady: z.string().optional().describe('Why it takes no group'),
  rest: z.string().describe('Its REST API'),
  version: z.string().optional().describe('Absent: it does not answer'),
  groups: z.array(z.string()).describe('Groups that it owns'),
});

const clusterAnswer = z.object({
  me: z.string(),
  store: z.object({
    reachable: z.boolean(),
    readMs: z.number().optional().describe('How long one read took'),
    problem: z.string().optional(),
    silentSince: storeSilentSince.optional(),
  }),
  nodes: z.array(nodeAnswer),
  groups: z.array(
    z.object({
      name: z.string(),
      state: z.enum(groupStates),
      stateReason: z.string().optional().describe('What keeps it from being online'),
      owner: z.string().optional().describe('Absent: nobody owns it just now'),
      epoch: z.number().optional(),
    }),
  ),
});
export type ClusterAnswer = z.output<typeof clusterAnswer>;

const storeHealth = async ({ node, store }: ClusterFace, clock: Clock): Promise<ClusterAnswer['store']> => {
  const start = clock.monotonic();
  try {
    await store.get(keys.cluster);
    return { reachable: true, readMs: Math.round((clock.monotonic() - start) * 10) / 10 };
  } catch (error) {
    const since = node.storeSilence()?.since;
    const problem = error instanceof Error ? error.message : String(error);
    return { reachable: false, problem, ...(since === undefined ? {} : { silentSince: since }) };
  }
};

/** `isKnown`: the store answers; without it nobody knows who lives. */
const showNode = (
  view: View,
  node: string,
  { version, isKnown }: { version: string | undefined; isKnown: boolean },
): ClusterAnswer['nodes'][number] => {
  const record = view.observed.nodes.get(node)?.record;
  const owned = groupNames(view).filter((group) => liveOwner(view, group)?.node === node);
  const notReady = record?.readiness.none;
  return {
    name: node,
    state: isKnown ? (stateOf(view, node) ?? 'fenced') : 'unknown',
    drained: view.observed.cluster?.record.paused?.includes(node) === true,
    silentForMs: node === view.me ? 0 : Math.round(silenceOf(view, node) ?? 0),
    incarnation: record?.incarnation.slice(0, 8) ?? '',
    ...(record?.fenced === undefined ? {} : { fenced: record.fenced }),
    ...(notReady === undefined ? {} : { notReady }),
    rest: record?.addresses.rest ?? '',
    ...(version === undefined ? {} : { version }),
    groups: owned,
  };
};

const showOwnership = (
  view: View,
  record: GroupRecord,
  selves: ReadonlyMap<string, SelfAnswer>,
): ClusterAnswer['groups'][number] => {
  const { name, state, stateReason } = showGroup(record, view, selves);
  const owner = liveOwner(view, name)?.node;
  const epoch = ownerOf(view, name)?.record.epoch;
  const reason = stateReason === undefined ? {} : { stateReason };
  return {
    name,
    state,
    ...reason,
    ...(owner === undefined ? {} : { owner }),
    ...(epoch === undefined ? {} : { epoch }),
  };
};

const clusterAnswerOf = async (parts: AdminParts): Promise<ClusterAnswer> => {
  const cluster = clusterOf(parts);
  const [store, selves] = await Promise.all([
    storeHealth(cluster, parts.clock),
    selvesOf(
      { cluster, version: parts.node.version },
      heardNodes(cluster.node.view(), cluster.node.storeSilence() !== undefined),
    ),
  ]);
  const view = cluster.node.view();
  const nodes = [...view.observed.nodes.keys()].toSorted();
  return {
    me: view.me,
    store,
    nodes: nodes.map((node) => showNode(view, node, { version: selves.get(node)?.version, isKnown: store.reachable })),
    groups: [...view.observed.groups]
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([, { record }]) => showOwnership(view, record, selves)),
  };
};

export const clusterRoutes = (app: AdminApp, parts: AdminParts): void => {
  app.get('/api/1/cluster', {
    config: { policy: 'token' },
    schema: {
      summary: 'The cluster at a glance, as this node sees it',
      querystring: z.strictObject({}),
      response: { 200: clusterAnswer, ...problemResponses },
    },
    handler: async () => clusterAnswerOf(parts),
  });

  selfRoute(app, parts);

  const acts = {
    drain: { summary: 'Moves its groups away and lets none come', code: 'node-drained' },
    resume: { summary: 'Lets groups come again', code: 'node-resumed' },
  } as const satisfies Record<string, { summary: string; code: EventCode }>;
  for (const word of ['drain', 'resume'] as const)
    app.post(`/api/1/nodes/:node/${word}`, {
      config: { policy: 'token' },
      schema: {
        summary: acts[word].summary,
        params: z.object({ node: nameText }),
        querystring: z.strictObject({}),
        body: z.strictObject({}).nullish(),
        response: { 202: clusterAnswer, ...problemResponses },
      },
      handler: async ({ params: { node } }, reply) => {
        await clusterOf(parts).operations[word](node);
        parts.events.note(acts[word].code, { text: node });
        return reply.status(202).send(await clusterAnswerOf(parts));
      },
    });
};
