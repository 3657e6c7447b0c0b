// How a group is shown: what is on record, who owns it, and what the owner says about it just now.

import { z } from 'zod';
import { ownerOf, type View } from '../cluster/view.js';
import { groupDefaults, type GroupRecord, inOrderOfDependency } from '../model/cluster.js';
import { liveOwner, openMove } from './cluster-view.js';
import { failback, failover, restart } from './group-settings.js';
import { groupStateOf, groupStates } from './group-state.js';
import { resourceStates, type SelfAnswer } from './node-talk.js';

const ports = z.array(z.number());

export const groupAnswer = z.object({
  name: z.string(),
  state: z.enum(groupStates),
  stateReason: z.string().optional().describe('What keeps it from being online'),
  owner: z
    .object({
      node: z.string(),
      epoch: z.number(),
      how: z.string().describe('claimed, or handed over: moved, drained, failed-back, failed-over'),
      because: z.string().optional(),
      alive: z.boolean().describe('False: nobody owns the group just now'),
    })
    .optional(),
  says: z.string().describe('What the owner says about it; without one, what this node says'),
  saidBy: z.string(),
  sending: z.array(z.string()).describe('Documents that are being sent to devices'),
  uploads: z.number().describe('Documents that clients are sending'),
  move: z.object({ to: z.string(), now: z.boolean() }).optional().describe('Asked for and not done yet'),
  resources: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(['ip-address', 'network-name', 'print-spooler']),
      value: z.string().optional(),
      wanted: z.enum(['online', 'offline']),
      state: z.enum([...resourceStates, 'unknown']).describe('unknown: its owner does not answer'),
      restart: restart.optional(),
    }),
  ),
  possibleOwners: z.array(z.string()).optional().describe('Absent: every node'),
  preferredOwners: z.array(z.string()),
  aliases: z.array(z.string()),
  failback,
  failover,
  jobCompletionTimeoutMs: z.number(),
  uploadGraceMs: z.number(),
  services: z.object({
    ipp: z.object({ port: z.number(), operatorsFrom: z.array(z.string()) }),
    lpd: z.object({ ports, optionalPorts: ports }),
    snmp: z.object({ port: z.number(), communitySet: z.boolean(), allowFrom: z.array(z.string()) }),
  }),
});
export type GroupAnswer = z.output<typeof groupAnswer>;

const showServices = ({ services = groupDefaults.services }: GroupRecord): GroupAnswer['services'] => {
  const { ipp, lpd, snmp } = services;
  return {
    ipp: { port: ipp.port, operatorsFrom: [...ipp.operatorsFrom] },
    lpd: { ports: [...lpd.ports], optionalPorts: [...lpd.optionalPorts] },
    snmp: {
      port: snmp.port,
      communitySet: 'community' in snmp && snmp.community !== undefined,
      allowFrom: [...snmp.allowFrom],
    },
  };
};

const showOwner = (view: View, group: string): GroupAnswer['owner'] => {
  const record = ownerOf(view, group)?.record;
  if (record === undefined) return undefined;
  const { node, epoch, how = 'claimed', because } = record;
  return {
    node,
    epoch,
    how,
    alive: liveOwner(view, group) !== undefined,
    ...(because === undefined ? {} : { because }),
  };
};

/** `selves`: what nodes say, the owner's among them if it answered. */
export const showGroup = (record: GroupRecord, view: View, selves: ReadonlyMap<string, SelfAnswer>): GroupAnswer => {
  const { name } = record;
  const owner = showOwner(view, name);
  const speaker = owner?.alive === true ? owner.node : view.me;
  const self = selves.get(speaker);
  const here = self?.groups.find(({ group }) => group === name);
  const stateOf = (resource: string): GroupAnswer['resources'][number]['state'] => {
    if (owner?.alive === true && self === undefined) return 'unknown';
    return here?.resources.find((each) => each.name === resource)?.state ?? 'offline';
  };
  const says = self?.says.find(({ about }) => about === name)?.text;
  const move = openMove(view, record);
  const resources = inOrderOfDependency(record).map((each) => ({ ...each, state: stateOf(each.name) }));
  return {
    name,
    ...groupStateOf(resources, owner?.alive === true),
    ...(owner === undefined ? {} : { owner }),
    says: says ?? (self === undefined ? `${speaker} does not answer` : `${speaker} has not looked at it yet`),
    saidBy: speaker,
    sending: [...(here?.sending ?? [])],
    uploads: here?.uploads ?? 0,
    ...(move === undefined ? {} : { move }),
    resources: resources.map(({ name: resource, kind, value, wanted, state, restart: policy }) => ({
      name: resource,
      kind,
      wanted,
      state,
      ...(value === undefined ? {} : { value }),
      ...(policy === undefined ? {} : { restart: policy }),
    })),
    ...(record.possibleOwners === undefined ? {} : { possibleOwners: [...record.possibleOwners] }),
    preferredOwners: [...(record.preferredOwners ?? [])],
    aliases: [...(record.aliases ?? [])],
    failback: record.failback ?? groupDefaults.failback,
    failover: record.failover ?? groupDefaults.failover,
    jobCompletionTimeoutMs: record.jobCompletionTimeoutMs ?? groupDefaults.jobCompletionTimeoutMs,
    uploadGraceMs: record.uploadGraceMs ?? groupDefaults.uploadGraceMs,
    services: showServices(record),
  };
};
