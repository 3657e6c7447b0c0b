// Groups: made, shown, changed, moved and removed; and why they are where they are.

import { z } from 'zod';
import { PlatenError } from '../errors.js';
import type { AdminApp, AdminParts } from './admin-parts.js';
import { clusterOf } from './cluster-face.js';
import { heardNodes } from './cluster-view.js';
import { nameText, time, storeSilentSince } from './fields.js';
import { groupAnswer } from './group-answers.js';
import { answerOf, answersOf } from './group-lookup.js';
import { asDraft, asSettings, groupDraft, groupSettings } from './group-settings.js';
import { selvesOf } from './node-talk.js';
import { problemResponses } from './problems.js';

const groupParams = z.object({ group: nameText });
const nothing = z.strictObject({});
const groupsAnswer = z.object({ groups: z.array(groupAnswer) });
export type GroupsAnswer = z.output<typeof groupsAnswer>;

const explainAnswer = z.object({
  group: z.string(),
  nodes: z.array(
    z.object({
      node: z.string(),
      says: z.string().optional().describe('Absent: the node does not answer'),
      since: time('Since when it says so').optional(),
    }),
  ),
  storeSilentSince: storeSilentSince.optional(),
});
export type ExplainAnswer = z.output<typeof explainAnswer>;

const historyAnswer = z.object({
  group: z.string(),
  changes: z.array(
    z.object({
      epoch: z.number(),
      node: z.string().describe('The new owner'),
      from: z.string().optional(),
      how: z.string(),
      because: z.string(),
      stages: z.object({
        silentSince: time('When the owner before was last heard of').optional(),
        fenced: z.object({ at: time('When its fence was seen'), by: z.string() }).optional(),
        claimed: time('When the group was its own'),
        addressUp: time('When its address was up').optional(),
        accepting: time('When its print spooler accepted').optional(),
        firstByte: time('When the first octet left for a device').optional(),
      }),
    }),
  ),
});
export type HistoryAnswer = z.output<typeof historyAnswer>;

export const groupRoutes = (app: AdminApp, parts: AdminParts): void => {
  const { events } = parts;
  const { version } = parts.node;

  app.get('/api/1/groups', {
    config: { policy: 'token' },
    schema: {
      summary: 'Groups (virtual servers) in the order of their names',
      querystring: nothing,
      response: { 200: groupsAnswer, ...problemResponses },
    },
    handler: async () => {
      const cluster = clusterOf(parts);
      return { groups: await answersOf(cluster, version, await cluster.operations.groups()) };
    },
  });

  app.post('/api/1/groups', {
    config: { policy: 'token' },
    schema: {
      summary: 'Makes a group with its addresses, its network name and a print spooler',
      querystring: nothing,
      body: groupDraft,
      response: { 201: groupAnswer, ...problemResponses },
    },
    handler: async ({ body }, reply) => {
      const cluster = clusterOf(parts);
      const record = await cluster.operations.createGroup(asDraft(body));
      events.note('group-created', { group: record.name, text: body.addresses.join(', ') });
      return reply.status(201).send(await answerOf(cluster, version, record));
    },
  });

  app.get('/api/1/groups/:group', {
    config: { policy: 'token' },
    schema: {
      summary: 'One group: its owner, its resources, and what it waits for',
      params: groupParams,
      querystring: nothing,
      response: { 200: groupAnswer, ...problemResponses },
    },
    handler: async ({ params }) => {
      const cluster = clusterOf(parts);
      return answerOf(cluster, version, await cluster.operations.group(params.group));
    },
  });

  app.patch('/api/1/groups/:group', {
    config: { policy: 'token' },
    schema: {
      summary: 'Changes what is given of a group; null stands for the default',
      params: groupParams,
      querystring: nothing,
      body: groupSettings,
      response: { 200: groupAnswer, ...problemResponses },
    },
    handler: async ({ params: { group }, body }) => {
      const cluster = clusterOf(parts);
      if (Object.keys(body).length === 0) throw new PlatenError('bad-request', 'the request changes nothing');
      const record = await cluster.operations.changeGroup(group, asSettings(body));
      events.note('group-changed', { group, text: Object.keys(body).join(', ') });
      return answerOf(cluster, version, record);
    },
  });

  app.delete('/api/1/groups/:group', {
    config: { policy: 'token' },
    schema: {
      summary: 'Removes a group that has no printers and no unfinished jobs',
      params: groupParams,
      querystring: nothing,
      response: { 204: z.undefined(), ...problemResponses },
    },
    handler: async ({ params: { group } }, reply) => {
      await clusterOf(parts).operations.removeGroup(group);
      events.note('group-removed', { group, text: '' });
      return reply.status(204).send();
    },
  });

  app.post('/api/1/groups/:group/move', {
    config: { policy: 'token' },
    schema: {
      summary: 'Asks the owner to hand the group over: when the documents being sent have ended, or at once',
      description: 'The answer comes when the wish is on record. While the move waits, GET says what for.',
      params: groupParams,
      querystring: nothing,
      body: z.strictObject({
        to: nameText.describe('The node'),
        now: z.boolean().default(false).describe('Cut documents being sent off; the new owner sends them anew'),
      }),
      response: { 202: groupAnswer, ...problemResponses },
    },
    handler: async ({ params: { group }, body }, reply) => {
      const cluster = clusterOf(parts);
      const record = await cluster.operations.move(group, body);
      return reply.status(202).send(await answerOf(cluster, version, record));
    },
  });

  app.delete('/api/1/groups/:group/move', {
    config: { policy: 'token' },
    schema: {
      summary: 'Takes the wish to move back; a group that has left already does not return',
      params: groupParams,
      querystring: nothing,
      response: { 200: groupAnswer, ...problemResponses },
    },
    handler: async ({ params: { group } }) => {
      const cluster = clusterOf(parts);
      return answerOf(cluster, version, await cluster.operations.cancelMove(group));
    },
  });

  app.get('/api/1/groups/:group/explain', {
    config: { policy: 'token' },
    schema: {
      summary: 'What every node says about the group',
      params: groupParams,
      querystring: nothing,
      response: { 200: explainAnswer, ...problemResponses },
    },
    handler: async ({ params: { group } }) => {
      const cluster = clusterOf(parts);
      const silence = cluster.node.storeSilence();
      if (silence === undefined || !cluster.node.view().observed.groups.has(group))
        await cluster.operations.group(group);
      const nodes = heardNodes(cluster.node.view(), silence !== undefined);
      const selves = await selvesOf({ cluster, version }, nodes, group);
      return {
        group,
        nodes: nodes.map((node) => {
          const said = selves.get(node)?.says.find(({ about }) => about === group);
          const { text: says, since } = said ?? {};
          return { node, ...(says === undefined ? {} : { says }), ...(since === undefined ? {} : { since }) };
        }),
        ...(silence === undefined ? {} : { storeSilentSince: silence.since }),
      };
    },
  });

  app.get('/api/1/groups/:group/history', {
    config: { policy: 'token' },
    schema: {
      summary: 'Changes of owner, the newest first',
      params: groupParams,
      querystring: nothing,
      response: { 200: historyAnswer, ...problemResponses },
    },
    handler: async ({ params: { group } }) => {
      const cluster = clusterOf(parts);
      const changes = await cluster.node.takeovers.of(group);
      if (changes.length === 0) await cluster.operations.group(group);
      return { group, changes: [...changes] };
    },
  });
};
