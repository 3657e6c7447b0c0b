// Pure: the planned move: rest, the address goes, one transaction hands over (DESIGN section 5, R35).

import { liveIncarnation } from '../model/cluster.js';
import type { OwnerRecord } from '../model/ownership.js';
import type { Finding } from './decision.js';
import { acting, waiting } from './decision.js';
import { failoversOf } from './failing.js';
import type { Plan } from './leaving.js';
import type { Seen } from './observed.js';
import { quieting } from './quieting.js';
import { groupRecord, isKnownToStop, localResources, type View } from './view.js';

/** Resources whose absence a successor relies on. */
const addressesOf = (view: View, group: string): readonly string[] =>
  (groupRecord(view, group)?.resources ?? []).filter(({ kind }) => kind === 'ip-address').map(({ name }) => name);

const handedOver = (
  view: View,
  group: string,
  owner: OwnerRecord,
  { to, how, because, incarnation }: Plan & { incarnation: string },
): OwnerRecord => {
  const failovers = [...failoversOf(view, group, owner), ...(how === 'failed-over' ? [view.wall] : [])];
  return {
    version: 1,
    node: to,
    incarnation,
    epoch: owner.epoch + 1,
    how,
    because,
    ...(failovers.length === 0 ? {} : { failovers }),
  };
};

/** The next step of the move. */
export const moving = (view: View, group: string, owner: Seen<OwnerRecord>, plan: Plan): Finding => {
  const step = (finding: Finding): Finding => ({ ...finding, because: `${plan.because}; ${finding.because}` });
  const quiet = quieting(view, group, plan);
  if (quiet !== undefined) return step(quiet);
  const addresses = addressesOf(view, group);
  const up = localResources(view, group, ['online', 'online-pending', 'failed']).filter((name) =>
    addresses.includes(name),
  );
  if (up.length > 0) return step(acting('the address goes first', { do: 'offline', group, resources: up }));
  const going = localResources(view, group, ['offline-pending']).filter((name) => addresses.includes(name));
  if (going.length > 0) return step(waiting('the address is going'));
  const incarnation = liveIncarnation(view.observed.nodes.get(plan.to)?.record);
  if (incarnation === undefined) return step(waiting(`${plan.to} is not alive`));
  if (view.stopping && !isKnownToStop(view)) return step(waiting('the others do not know it yet'));
  const record = handedOver(view, group, owner.record, { ...plan, incarnation });
  return acting(`${plan.because}; nothing of it is left on the wire`, {
    do: 'hand-over',
    group,
    revision: owner.revision,
    record,
  });
};
