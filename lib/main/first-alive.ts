// Pure: which node does what one node of the cluster must do: the first by name of those that are heard of.

import { liveIncarnation } from '../model/cluster.js';
import { silenceOf, type View } from '../cluster/view.js';

export const firstAlive = (view: View): string | undefined =>
  [...view.observed.nodes]
    .filter(([name, { record }]) => {
      const isHeard = name === view.me || (silenceOf(view, name) ?? 0) <= view.timing.heardWithinMs;
      return isHeard && liveIncarnation(record) !== undefined;
    })
    .map(([name]) => name)
    .toSorted()[0];
