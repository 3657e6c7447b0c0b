// A group's resources: added, changed, removed, taken offline and brought online.

import { z } from 'zod';
import { PlatenError } from '../errors.js';
import type { GroupRecord } from '../model/cluster.js';
import type { AdminApp, AdminParts } from './admin-parts.js';
import { clusterOf } from './cluster-face.js';
import { nameText } from './fields.js';
import { type GroupAnswer, groupAnswer } from './group-answers.js';
import { answerOf } from './group-lookup.js';
import { resourceChange, resourceDraft } from './group-settings.js';
import { problemResponses } from './problems.js';

const groupParams = z.object({ group: nameText });
const resourceParams = z.object({ group: nameText, name: nameText });
const nothing = z.strictObject({});

export const resourceRoutes = (app: AdminApp, parts: AdminParts): void => {
  const answer = (record: GroupRecord): Promise<GroupAnswer> => {
    parts.events.note('group-changed', { group: record.name, text: 'resources' });
    return answerOf(clusterOf(parts), parts.node.version, record);
  };

  app.post('/api/1/groups/:group/resources', {
    config: { policy: 'token' },
    schema: {
      summary: 'Adds a resource, wanted online',
      params: groupParams,
      querystring: nothing,
      body: resourceDraft,
      response: { 201: groupAnswer, ...problemResponses },
    },
    handler: async ({ params: { group }, body }, reply) => {
      const record = await clusterOf(parts).operations.addResource(group, body);
      return reply.status(201).send(await answer(record));
    },
  });

  app.patch('/api/1/groups/:group/resources/:name', {
    config: { policy: 'token' },
    schema: {
      summary: 'Changes a resource; its value only while it is wanted offline',
      params: resourceParams,
      querystring: nothing,
      body: resourceChange,
      response: { 200: groupAnswer, ...problemResponses },
    },
    handler: async ({ params: { group, name }, body }) => {
      if (Object.keys(body).length === 0) throw new PlatenError('bad-request', 'the request changes nothing');
      return answer(await clusterOf(parts).operations.changeResource(group, name, body));
    },
  });

  app.delete('/api/1/groups/:group/resources/:name', {
    config: { policy: 'token' },
    schema: {
      summary: 'Removes a resource that is wanted offline and that no other needs',
      params: resourceParams,
      querystring: nothing,
      response: { 200: groupAnswer, ...problemResponses },
    },
    handler: async ({ params: { group, name } }) =>
      answer(await clusterOf(parts).operations.removeResource(group, name)),
  });

  const wanted = {
    offline: 'Wants it offline: a print spooler starts no further job and waits for the documents being sent',
    online: 'Wants it online',
  } as const;
  for (const state of ['offline', 'online'] as const)
    app.post(`/api/1/groups/:group/resources/:name/${state}`, {
      config: { policy: 'token' },
      schema: {
        summary: wanted[state],
        params: resourceParams,
        querystring: nothing,
        body: nothing.nullish(),
        response: { 202: groupAnswer, ...problemResponses },
      },
      handler: async ({ params: { group, name } }, reply) => {
        const record = await clusterOf(parts).operations.setWanted(group, name, state);
        return reply.status(202).send(await answer(record));
      },
    });
};
