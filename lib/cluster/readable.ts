// Pure: whether this build understands what is on record of a group; in a cluster of two versions the older one leaves newer records alone.

import { formatsFault, tooNew } from '../model/versions.js';
import type { Observed } from './observed.js';

/** Why this node can neither own nor change the group, in words; undefined when it can. */
export const unreadable = ({ groups, owners, formats }: Observed, group: string): string | undefined =>
  formatsFault(formats.get(group)?.record) ??
  tooNew('group', groups.get(group)?.record, 'its description') ??
  tooNew('owner', owners.get(group)?.record, 'its owner record');

/** For the node's own record: group → why not. */
export const unreadableGroups = (observed: Observed): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...observed.groups.keys()].flatMap((group) => {
      const fault = unreadable(observed, group);
      return fault === undefined ? [] : [[group, fault]];
    }),
  );
