// What the nodes of a cluster prove to each other: 256 random bits in the store that they share, made by whoever comes first.

import { randomBytes } from 'node:crypto';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';

/** 43 characters of base64url. Throws `store-unreachable`. */
export const clusterSecret = async (store: Store): Promise<string> => {
  for (;;) {
    const found = (await store.get(keys.secret))?.value as { readonly secret: string } | undefined;
    if (found !== undefined) return found.secret;
    const value = { version: 1, secret: randomBytes(32).toString('base64url') };
    // Another node may have been quicker, and of an unknown outcome the next look tells.
    await store.txn([{ key: keys.secret, revision: 0 }], [{ put: keys.secret, value }]);
  }
};
