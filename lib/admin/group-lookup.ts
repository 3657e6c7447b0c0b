// Groups as answers: the store's record, this node's view of the owner, the owner's own words.

import type { GroupRecord } from '../model/cluster.js';
import type { ClusterFace } from './cluster-face.js';
import { heardNodes, liveOwner } from './cluster-view.js';
import { type GroupAnswer, showGroup } from './group-answers.js';
import { selvesOf } from './node-talk.js';

export const answerOf = async (cluster: ClusterFace, version: string, record: GroupRecord): Promise<GroupAnswer> => {
  const speaker = liveOwner(cluster.node.view(), record.name)?.node ?? cluster.node.view().me;
  const selves = await selvesOf({ cluster, version }, [speaker], record.name);
  return showGroup(record, cluster.node.view(), selves);
};

export const answersOf = async (
  cluster: ClusterFace,
  version: string,
  records: readonly GroupRecord[],
): Promise<GroupAnswer[]> => {
  const selves = await selvesOf(
    { cluster, version },
    heardNodes(cluster.node.view(), cluster.node.storeSilence() !== undefined),
  );
  const view = cluster.node.view();
  return records.map((record) => showGroup(record, view, selves));
};
