// Pure: bringing a group's resources online in order of dependency, and trying failed ones again (R34).

import type { ResourceRecord } from '../model/cluster.js';
import { inOrderOfDependency } from '../model/cluster.js';
import type { OwnerRecord } from '../model/ownership.js';
import type { Finding } from './decision.js';
import { acting, waiting } from './decision.js';
import { failuresOf, retryAt } from './failing.js';
import type { Seen } from './observed.js';
import { isWanted } from './offlining.js';
import { groupRecord, seconds, type View } from './view.js';

const stateOf = (view: View, group: string, { name }: ResourceRecord) =>
  view.local.get(group)?.resources.get(name)?.state ?? 'offline';

/** A group of ours: what is wanted and not online. */
export const onlining = (view: View, group: string, owner: Seen<OwnerRecord>): Finding => {
  const record = groupRecord(view, group);
  const wanted = record === undefined ? [] : inOrderOfDependency(record).filter((each) => isWanted(record, each));
  const { epoch } = owner.record;
  const mine = `I own ${group} at epoch ${epoch}`;
  const pending = wanted.find((each) => stateOf(view, group, each).endsWith('-pending'));
  if (pending !== undefined) return waiting(`${mine}; ${pending.name} is ${stateOf(view, group, pending)}`);
  const failed = wanted.find((each) => stateOf(view, group, each) === 'failed');
  if (failed !== undefined) {
    const due = retryAt(view, group, failed);
    const count = failuresOf(view, group, failed).length;
    if (view.time < due)
      return waiting(`${failed.name} failed ${count} times; look again in ${seconds(due - view.time)}`, due);
  }
  const missing = wanted.filter((each) => stateOf(view, group, each) !== 'online').map(({ name }) => name);
  if (missing.length === 0) return waiting(mine);
  return acting(mine, { do: 'online', group, resources: missing, epoch, revision: owner.revision });
};
