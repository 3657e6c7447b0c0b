// What the supervisor asks of the node's floating addresses. Addresses of the back end `loopback` are always there: nothing has to be removed.

export interface Addresses {
  /** Resolves when it was verified that none is left; throws when that could not be done. */
  removeAll(): Promise<void>;
}

export const loopbackAddresses: Addresses = { removeAll: () => Promise.resolve() };
