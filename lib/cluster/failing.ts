// Pure: resources that fail: tried again here a few times, then on another node, at most a few times in a period (R34).

import type { ResourceRecord, RestartPolicy } from '../model/cluster.js';
import { groupDefaults } from '../model/cluster.js';
import type { OwnerRecord } from '../model/ownership.js';
import { groupRecord, type View } from './view.js';

const restartPolicy = (resource: ResourceRecord): RestartPolicy => resource.restart ?? groupDefaults.restart;

/** Times of the failures that count: those within the policy's period. */
export const failuresOf = (view: View, group: string, resource: ResourceRecord): readonly number[] => {
  const failedAt = view.local.get(group)?.resources.get(resource.name)?.failedAt ?? [];
  return failedAt.filter((at) => view.time - at < restartPolicy(resource).periodMs);
};

const isExhausted = (view: View, group: string, resource: ResourceRecord): boolean =>
  failuresOf(view, group, resource).length > restartPolicy(resource).attempts;

/** When a failed resource is tried again here: after a growing delay, or when the oldest failure has left the period. */
export const retryAt = (view: View, group: string, resource: ResourceRecord): number => {
  const failures = failuresOf(view, group, resource);
  const { delayMs, periodMs } = restartPolicy(resource);
  if (isExhausted(view, group, resource)) return (failures[0] ?? view.time) + periodMs;
  return (failures.at(-1) ?? view.time) + delayMs * failures.length;
};

/** Fail-overs by failing resources that still count, the newest last. */
export const failoversOf = (view: View, group: string, owner: OwnerRecord): readonly number[] => {
  const { periodMs } = groupRecord(view, group)?.failover ?? groupDefaults.failover;
  return (owner.failovers ?? []).filter((wall) => view.wall - wall < periodMs);
};

/** The resource that takes the group to another node; undefined while none does, or when it went round often enough. */
export const failing = (view: View, group: string, owner: OwnerRecord): ResourceRecord | undefined => {
  const record = groupRecord(view, group);
  const { threshold } = record?.failover ?? groupDefaults.failover;
  if (failoversOf(view, group, owner).length >= threshold) return undefined;
  const states = view.local.get(group)?.resources;
  return record?.resources?.find(
    (resource) => states?.get(resource.name)?.state === 'failed' && isExhausted(view, group, resource),
  );
};
