// Stores that forget one thing, so that the next life does it again.

import { keys } from '../../lib/store/keys.js';
import type { Change, Entry, Store } from '../../lib/store/store.js';

const jobKeys = keys.jobs('print');
const idsKey = keys.jobIds('print');
/** Records of jobs, finished or not. */
const isJob = (key: string): boolean => key.startsWith(jobKeys) || key.startsWith(keys.done('print'));

/** Leaves a completed job among the unfinished ones. */
export const keepingCompleted = (store: Store): Store => {
  const txn = store.txn.bind(store);
  store.txn = (compares, changes) =>
    txn(
      compares,
      changes.filter((change: Change) => !('delete' in change && change.delete.startsWith(jobKeys))),
    );
  return store;
};

/** Does not write down which ids it gave out, nor look whether a job has one already. */
export const forgettingIds = (store: Store): Store => {
  let kept: Entry | undefined;
  const get = store.get.bind(store);
  const txn = store.txn.bind(store);
  store.get = async (key) => (key === idsKey ? kept : get(key));
  store.txn = async (compares, changes) => {
    const [change] = changes;
    if (change === undefined || !('put' in change) || change.put !== idsKey)
      return txn(
        compares.filter(({ key, revision }) => revision !== 0 || !isJob(key)),
        changes,
      );
    kept = { key: idsKey, value: change.value, revision: (kept?.revision ?? 0) + 1 };
    return { outcome: 'committed', revision: kept.revision };
  };
  return store;
};
