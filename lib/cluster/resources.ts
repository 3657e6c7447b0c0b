// What the cluster asks of whatever brings resources up and down: addresses, names, the print spooler. Its implementations are built by main.

import type { ResourceRecord } from '../model/cluster.js';
import type { Tenure } from '../model/ownership.js';

/** What a group is busy with. */
export interface Activity {
  /** Documents that are being sent to devices, in words: `job 17 on laser`. */
  readonly sending: readonly string[];
  /** Documents that clients are sending. */
  readonly uploads: number;
  /** Resource → what is not as it should be although it is online, in words. */
  readonly troubles?: ReadonlyMap<string, string>;
}

/** All of it is idempotent. */
export interface Resources {
  /** Resolves when the resource is online; throws when it cannot be. Stops early, with an error, when `signal` aborts. */
  online(group: string, resource: ResourceRecord, tenure: Tenure, signal: AbortSignal): Promise<void>;
  /**
   * Takes it offline at once, cutting off whatever runs. Resolves only when nothing is left of it and that was verified: sockets to devices
   * destroyed, filters dead, the address absent. Rejects when that could not be done; it is asked again.
   */
  offline(group: string, resource: string): Promise<void>;
  /** Starts no further job of the group; goes on accepting. */
  hold(group: string): Promise<void>;
  /**
   * Cuts off the documents that are being sent; they stay due for another attempt. Resolves only when nothing is sent any more: until then it is
   * decided again at each look, and looks that follow one another at once would leave the attempts no time to end.
   */
  cutOff(group: string): Promise<void>;
  /** Serves no further connection, drops new ones without refusing them, closes idle ones in order. */
  close(group: string): Promise<void>;
  /** Undoes hold and close. */
  resume(group: string): Promise<void>;
  /** What the group is doing now; cheap. Changes are told by `ClusterNode.lookAgain`. */
  activity(group: string): Activity;
}

/** The highest epochs that this node has seen, kept beside the store (R23). */
export interface EpochMemory {
  /** Throws `store-restored` when the epoch is lower than one that was seen. */
  check(group: string, epoch: number): void;
  /** Throws as `check` does. */
  remember(group: string, epoch: number): Promise<void>;
}
