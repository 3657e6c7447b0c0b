// What the REST API needs of the cluster: what this node sees and says, what operators want, and the secret that nodes know each other by.

import { PlatenError } from '../errors.js';
import type { ClusterNode } from '../cluster/cluster-node.js';
import type { Operations } from '../cluster/operations.js';
import type { TakeoverLog } from '../cluster/takeover-log.js';
import type { Store } from '../store/store.js';

export interface ClusterFace {
  /** 43 characters of base64url, as a token. */
  readonly secret: string;
  readonly node: Pick<ClusterNode, 'view' | 'explain' | 'history' | 'storeSilence'> & {
    readonly takeovers: Pick<TakeoverLog, 'of'>;
  };
  readonly operations: Operations;
  /** Asked how it is. */
  readonly store: Pick<Store, 'get'>;
}

/** Throws `not-found` on a node that has no cluster. */
export const clusterOf = ({ cluster }: { readonly cluster?: ClusterFace }): ClusterFace => {
  if (cluster === undefined)
    throw new PlatenError('not-found', 'this node is alone: it is in no cluster (README: A cluster)');
  return cluster;
};
