// Pure: the cluster's decisions. One look at the whole state; the same view gives the same answer (DESIGN section 5).

import type { OwnerRecord } from '../model/ownership.js';
import { claiming } from './claiming.js';
import type { Action, Decision, Finding, Reason } from './decision.js';
import { acting, waiting } from './decision.js';
import { fencing } from './fencing.js';
import { leaving } from './leaving.js';
import { afterEnd, ending, living } from './living.js';
import { moving } from './moving.js';
import type { Seen } from './observed.js';
import { offlining, toOffline } from './offlining.js';
import { onlining } from './onlining.js';
import { releasing } from './releasing.js';
import {
  freedomOf,
  groupRecord,
  localResources,
  openWrite,
  ownerOf,
  ownOwner,
  type OwnerWrite,
  type View,
} from './view.js';

/** While it is not known who owns the group, its address stays away and no byte is sent. */
const settling = (view: View, group: string, write: OwnerWrite): Finding => {
  const what = `the outcome of my ${write.kind} of ${group}`;
  const up = write.kind === 'claim' ? [] : toOffline(view, group);
  const owner = ownerOf(view, group);
  if (write.outcome !== 'unknown') return acting(`${what} is not seen yet`, ...up);
  if (owner === undefined) return waiting(`${what} is unknown, and the record is gone`);
  const { revision, record } = owner;
  return acting(`${what} is unknown`, ...up, { do: 'settle', group, revision, record });
};

/** A group that this node owns. */
const owning = (view: View, group: string, owner: Seen<OwnerRecord>): Finding => {
  const local = view.local.get(group);
  const isStale = local !== undefined && (local.epoch !== owner.record.epoch || local.revision !== owner.revision);
  if (isStale) {
    const up = toOffline(view, group);
    if (up.length > 0) return acting(`what runs here of ${group} belongs to an earlier ownership`, ...up);
    if (localResources(view, group, ['offline-pending']).length > 0) return waiting('an earlier ownership is ending');
  }
  if (groupRecord(view, group) === undefined) return releasing(view, group, owner, `${group} was removed`);
  const plan = leaving(view, group, owner.record);
  if (plan !== undefined && 'to' in plan) return moving(view, group, owner, plan);
  if (plan !== undefined && view.stopping) return releasing(view, group, owner, plan.because);
  const offline = offlining(view, group);
  if (offline !== undefined) return offline;
  const online = onlining(view, group, owner);
  const isHeld = local?.heldSince !== undefined && localResources(view, group, ['online']).length > 0;
  const actions: readonly Action[] = isHeld ? [{ do: 'resume', group }, ...online.actions] : online.actions;
  return { ...online, actions, because: plan === undefined ? online.because : `${plan.because}; ${online.because}` };
};

/** A group that is another's, or nobody's. */
const watching = (view: View, group: string): Finding => {
  const up = toOffline(view, group);
  const owner = ownerOf(view, group);
  const freedom = freedomOf(view, group);
  if (up.length > 0) return acting(`I do not own ${group} any more`, ...up);
  if (freedom === undefined) return waiting(`${owner?.record.node} owns it at epoch ${owner?.record.epoch}`);
  if (groupRecord(view, group) === undefined) return waiting(`${group} was removed`);
  if (localResources(view, group, ['offline-pending']).length > 0) return waiting('an earlier ownership is ending');
  return claiming(view, group, freedom);
};

const aboutGroup = (view: View, group: string): Finding => {
  const write = openWrite(view, group);
  if (write !== undefined) return settling(view, group, write);
  const owner = ownOwner(view, group);
  return owner === undefined ? watching(view, group) : owning(view, group, owner);
};

const gathered = (findings: readonly (readonly [about: string, finding: Finding])[]): Decision => {
  const times = findings.flatMap(([, { lookAgainAt }]) => (lookAgainAt === undefined ? [] : [lookAgainAt]));
  return {
    actions: findings.flatMap(([, { actions }]) => actions),
    because: findings.map(([about, { because }]): Reason => ({ about, text: because })),
    lookAgainAt: times.length === 0 ? undefined : Math.min(...times),
  };
};

/** What this node should do now, why, and when to look again if nothing changes. */
export const decide = (view: View): Decision => {
  const { observed, local, me } = view;
  const others = [...observed.nodes.keys()].filter((node) => node !== me);
  // A removed group keeps its epoch on record for ever; it concerns whoever still owns it, or has something of it up.
  const owned = [...observed.owners.keys()].filter((group) => ownOwner(view, group) !== undefined);
  const groups = new Set([...observed.groups.keys(), ...owned, ...local.keys()]);
  const names = [...groups].toSorted();
  const end = ending(view);
  if (end !== undefined) return gathered([[me, end], ...names.map((group) => [group, afterEnd(view, group)] as const)]);
  const findings = others.flatMap((node) => {
    const finding = view.renewal.state === 'live' ? fencing(view, node) : undefined;
    return finding === undefined ? [] : [[node, finding] as const];
  });
  return gathered([
    [me, living(view)],
    ...findings,
    ...names.map((group) => [group, aboutGroup(view, group)] as const),
  ]);
};
