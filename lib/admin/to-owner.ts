// Any node serves operators: what is about a group that another node owns goes to that node, once (item 7, DESIGN section 8).

import type { FastifyReply, FastifyRequest } from 'fastify';
import { PlatenError } from '../errors.js';
import { isWanted } from '../cluster/offlining.js';
import type { View } from '../cluster/view.js';
import type { AdminLimits } from './admin-parts.js';
import type { ClusterFace } from './cluster-face.js';
import { groupNames, liveOwner } from './cluster-view.js';
import { forward } from './forward.js';
import { type Groups, onlineSpooler } from './groups.js';

/** Throws `bad-request` where one of several must be named, `group-not-found` where there is none of that name. */
const groupMeant = ({ query }: FastifyRequest, view: View): string => {
  const { group } = query as { readonly group?: unknown };
  const names = groupNames(view);
  if (typeof group === 'string' && names.includes(group)) return group;
  if (group !== undefined)
    throw new PlatenError('group-not-found', `there is no group ${JSON.stringify(group)}; groups: ${names.join(', ')}`);
  const [only, ...others] = names;
  if (only === undefined) throw new PlatenError('group-not-found', 'the cluster has no group yet');
  if (others.length > 0)
    throw new PlatenError('bad-request', `name one of the groups (--group, or ?group= over REST): ${names.join(', ')}`);
  return only;
};

/** Why a group of this node's does not print. */
const notPrinting = (view: View, group: string): PlatenError => {
  const record = view.observed.groups.get(group)?.record;
  const spooler = record?.resources?.find(({ kind }) => kind === 'print-spooler');
  if (record === undefined || spooler === undefined)
    return new PlatenError('spooler-offline', `${group} has no print spooler`);
  const state = view.local.get(group)?.resources.get(spooler.name)?.state ?? 'offline';
  return isWanted(record, spooler)
    ? new PlatenError('not-ready', `the print spooler of ${group} is not online yet: it is ${state}`)
    : new PlatenError('spooler-offline', `the print spooler of ${group} is offline, as wanted`);
};

/** Passes requests about groups that print elsewhere on to their owners. */
export const toOwner =
  ({ node, ways, secret }: ClusterFace, groups: Groups, { idleTimeMs }: Pick<AdminLimits, 'idleTimeMs'>) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    if (request.routeOptions.config.forGroup !== true) return undefined;
    const view = node.view();
    const group = groupMeant(request, view);
    const here = groups.find(group);
    if (here !== undefined && onlineSpooler(here).spooler !== undefined) return undefined;
    const owner = liveOwner(view, group);
    const why = node.explain().find(({ about }) => about === group)?.text ?? `nothing is known of ${group} yet`;
    if (owner?.node === view.me) throw notPrinting(view, group);
    if (owner === undefined || request.forwardedBy !== undefined)
      throw new PlatenError('not-owner', `${group} does not print on ${view.me}: ${why}`);
    await forward(request, reply, { group, me: view.me, owner, ways, secret, idleTimeMs });
    return reply;
  };
