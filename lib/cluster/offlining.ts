// Pure: taking resources offline, those first that need others.

import type { GroupRecord, ResourceRecord } from '../model/cluster.js';
import { dependencyOrder, inOrderOfDependency } from '../model/cluster.js';
import type { Action, Finding } from './decision.js';
import { acting } from './decision.js';
import { quieting } from './quieting.js';
import { groupRecord, localResources, type View } from './view.js';

/** Local resources in the order in which they go offline; one that is in no record any more goes first. */
const backwards = (view: View, group: string, names: readonly string[]): string[] => {
  const record = groupRecord(view, group);
  const order = record === undefined ? names : inOrderOfDependency(record).map(({ name }) => name);
  return names.toSorted((one, other) => {
    const [a, b] = [order.indexOf(one), order.indexOf(other)].map((index) => (index < 0 ? order.length : index));
    return (b ?? 0) - (a ?? 0);
  });
};

/** Everything of the group that is up here goes offline; empty when nothing is, or when it is on its way. */
export const toOffline = (view: View, group: string): Action[] => {
  const up = localResources(view, group, ['online', 'online-pending', 'failed']);
  return up.length === 0 ? [] : [{ do: 'offline', group, resources: backwards(view, group, up) }];
};

const kindRank = (resource: ResourceRecord): number => dependencyOrder.indexOf(resource.kind);

/** Wanted online, and so is all that it needs. */
export const isWanted = (record: GroupRecord, resource: ResourceRecord): boolean =>
  (record.resources ?? []).every(
    (other) => other.wanted === 'online' || (other !== resource && kindRank(other) >= kindRank(resource)),
  );

/** Resources that an operator wants offline: the spooler finishes what it sends first (P6). */
export const offlining = (view: View, group: string): Finding | undefined => {
  const record = groupRecord(view, group);
  const up = localResources(view, group, ['online', 'failed']);
  const unwanted = backwards(view, group, up).filter((name) => {
    const resource = record?.resources?.find((each) => each.name === name);
    return record === undefined || resource === undefined || !isWanted(record, resource);
  });
  if (record === undefined || unwanted.length === 0) return undefined;
  const hasSpooler = record.resources?.some(({ name, kind }) => kind === 'print-spooler' && unwanted.includes(name));
  const quiet = hasSpooler ? quieting(view, group, { cutOff: false }) : undefined;
  return quiet ?? acting('it is wanted offline', { do: 'offline', group, resources: unwanted });
};
