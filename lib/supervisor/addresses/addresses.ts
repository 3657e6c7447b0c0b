// What the supervisor does about this node's floating addresses. The worker asks through its pipe and never runs a command itself.

import type { NewsOfAddress } from '../../cluster/watchdog.js';
import type { Confirmation } from './address-book.js';

export interface Addresses {
  /** Resolves with why this node may own nothing; undefined when it may. What an earlier life left is gone then. Before everything else. */
  prepare(): Promise<string | undefined>;
  /** Resolves when the address is there and may speak; rejects with the reason. Only while a life has a confirmed renewal. */
  up(address: string): Promise<void>;
  /** Resolves when it was seen to be absent; rejects when that could not be done. */
  down(address: string): Promise<void>;
  /** New connections to it get no answer, or get one again. */
  setClosing(address: string, isClosing: boolean): Promise<void>;
  /** Asks the network who has it: resolves, after 200 ms at the latest, with the hardware address of another host that answers. */
  probe(address: string): Promise<string | undefined>;
  /** A renewal of the present life was confirmed. */
  renewed(confirmation: Confirmation): void;
  /** The life is over. Resolves when it was verified that no address is left; throws when that could not be done. */
  removeAll(): Promise<void>;
  onNews(listener: (news: NewsOfAddress) => void): void;
  /** An orderly end: leaves nothing in the kernel. */
  close(): Promise<void>;
}

/** Nothing has to be put or removed: the back end `loopback`, or a machine that cannot and need not (`fencing: soft`). */
export const noAddresses: Addresses = {
  prepare: () => Promise.resolve(undefined),
  up: () => Promise.resolve(),
  down: () => Promise.resolve(),
  setClosing: () => Promise.resolve(),
  probe: () => Promise.resolve(undefined),
  renewed: () => {},
  removeAll: () => Promise.resolve(),
  onNews: () => {},
  close: () => Promise.resolve(),
};

/** This machine cannot do what the back end asks: the node owns nothing. */
export const unableAddresses = (why: string): Addresses => ({
  ...noAddresses,
  prepare: () => Promise.resolve(why),
  up: () => Promise.reject(new Error(why)),
});
