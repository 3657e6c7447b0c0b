// What the configured back end for floating addresses makes of a node.

import { networkInterfaces } from 'node:os';
import { floatingRule, loopbackRule } from '../cluster/address-rules.js';
import type { AddressRule } from '../cluster/group-edits.js';
import type { View } from '../cluster/view.js';
import type { ClusterConfig } from '../config.js';
import type { Readiness } from '../model/cluster.js';
import { canonicalAddress } from '../platform/ip-address.js';
import type { Ways } from './group-host.js';
import type { Supervision } from './member.js';

type BackEnd = Pick<ClusterConfig, 'backEnd' | 'fencing' | 'witness'>;

export const waysOf = ({ backEnd, fencing }: BackEnd): Ways => ({
  listensAhead: backEnd === 'linux',
  bindsDevices: backEnd === 'linux' && fencing === 'hard',
});

/** A node that its kernel cannot fence owns nothing (R31). */
export const readinessOf = ({ backEnd, witness }: BackEnd, supervision: Supervision | undefined): Readiness => {
  const unsupervised = backEnd === 'loopback' || supervision !== undefined ? undefined : 'it has no supervisor';
  const none = supervision?.hindrance ?? unsupervised;
  return { ...(witness ? { witness } : {}), ...(none === undefined ? {} : { none }) };
};

const hostOf = (url: string): string => {
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  return canonicalAddress(host.replace(/^\[|\]$/g, ''));
};

/** Node → addresses of its own, as far as they are known here. */
const nodeAddresses = ({ observed, me }: View): ReadonlyMap<string, readonly string[]> => {
  const nodes = new Map<string, readonly string[]>();
  for (const [node, { record }] of observed.nodes)
    nodes.set(node, [hostOf(record.addresses.peers), hostOf(record.addresses.rest)]);
  const floating = new Set(
    [...observed.groups.values()].flatMap(({ record }) => (record.resources ?? []).map(({ value }) => value)),
  );
  const here = Object.values(networkInterfaces()).flatMap((infos) => infos ?? []);
  const own = here.map(({ address }) => canonicalAddress(address)).filter((address) => !floating.has(address));
  return nodes.set(me, [...(nodes.get(me) ?? []), ...own]);
};

export const addressRuleOf = ({ backEnd }: BackEnd, view: () => View): AddressRule =>
  backEnd === 'loopback' ? loopbackRule : floatingRule(() => nodeAddresses(view()));
