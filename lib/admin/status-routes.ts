// The node at a glance: its groups, what waits in them, and the room left for more.

import { z } from 'zod';
import type { VirtualServer } from '../queue/virtual-server.js';
import type { AdminApp, AdminParts } from './admin-parts.js';
import type { ClusterFace } from './cluster-face.js';
import { groupNames, liveOwner } from './cluster-view.js';
import { time, storeSilentSince } from './fields.js';
import { type Groups, onlineSpooler } from './groups.js';
import { problemResponses } from './problems.js';

const statusAnswer = z.object({
  node: z.object({ name: z.string(), version: z.string(), startedAt: time('When it started'), now: time('Its clock') }),
  groups: z.array(
    z.object({
      name: z.string(),
      names: z.array(z.string()).describe('Names that clients use'),
      online: z.boolean(),
      reason: z.string().optional().describe('Why it is not online'),
      owner: z.string().optional().describe('In a cluster: the node that owns it'),
      epoch: z.number().optional(),
      printers: z.object({ total: z.number(), paused: z.number(), rejecting: z.number() }).optional(),
      jobs: z.object({ pending: z.number(), held: z.number(), processing: z.number() }).optional(),
    }),
  ),
  storeSilentSince: storeSilentSince.optional(),
  spool: z.object({
    bytes: z.number(),
    documents: z.number(),
    complete: z.boolean().describe('False while documents are being counted after a start'),
    freeBytes: z.number().describe('Octets free on the disk, the reserve included'),
    reserveBytes: z.number().describe('Octets that jobs leave free'),
  }),
});
export type StatusAnswer = z.output<typeof statusAnswer>;

const showGroup = (server: VirtualServer): StatusAnswer['groups'][number] => {
  const base = { name: server.group, names: [...server.names] };
  const found = onlineSpooler(server);
  if (found.spooler === undefined) return { ...base, online: false, reason: found.reason };
  const { spooler } = found;
  const printers = { total: 0, paused: 0, rejecting: 0 };
  for (const { paused, accepting } of spooler.printers.all()) {
    printers.total += 1;
    printers.paused += paused ? 1 : 0;
    printers.rejecting += accepting ? 0 : 1;
  }
  const jobs = { pending: 0, held: 0, processing: 0 };
  for (const { state } of spooler.jobs.allUnfinished()) {
    if (state === 'pending') jobs.pending += 1;
    else if (state === 'pending-held') jobs.held += 1;
    else jobs.processing += 1;
  }
  return { ...base, online: true, epoch: spooler.epoch, printers, jobs };
};

/** In a cluster: every group, those of other nodes with what this node says about them. */
const showClusterGroups = (groups: Groups, { node }: ClusterFace): StatusAnswer['groups'] => {
  const view = node.view();
  return groupNames(view).map((name) => {
    const server = groups.find(name);
    const owner = liveOwner(view, name)?.node;
    const reason = node.explain().find(({ about }) => about === name)?.text ?? 'this node has not looked at it yet';
    const shown = server === undefined ? undefined : showGroup(server);
    const base = shown?.online === true ? shown : { name, names: shown?.names ?? [], online: false, reason };
    return { ...base, ...(owner === undefined ? {} : { owner }) };
  });
};

export const statusRoutes = (app: AdminApp, groups: Groups, { node, nodeStatus, clock, cluster }: AdminParts): void => {
  app.get('/api/1/status', {
    config: { policy: 'token' },
    schema: {
      summary: 'The node at a glance',
      querystring: z.strictObject({}),
      response: { 200: statusAnswer, ...problemResponses },
    },
    handler: async () => {
      const { spool } = await nodeStatus();
      const shown = cluster === undefined ? groups.all.map(showGroup) : showClusterGroups(groups, cluster);
      const since = cluster?.node.storeSilence()?.since;
      const silence = since === undefined ? {} : { storeSilentSince: since };
      return { node: { ...node, now: clock.wall() }, groups: shown, ...silence, spool };
    },
  });
};
