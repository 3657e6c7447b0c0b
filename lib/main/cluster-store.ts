// The ways of a cluster's node to its store, and the secret in it that nodes know each other by.

import { clusterSecret } from '../cluster/secret.js';
import type { ClusterConfig } from '../config.js';
import type { Credentials } from '../platform/certificates/credentials.js';
import { RenewedAgent } from '../platform/certificates/renewed-agent.js';
import { reasonOf } from '../errors.js';
import { openEtcdStore } from '../store/etcd/etcd-store.js';
import type { Store } from '../store/store.js';
import type { Surroundings } from './parts.js';

export interface ClusterStore {
  readonly endpoints: readonly string[];
  readonly tls: (() => RenewedAgent) | undefined;
  readonly store: Store;
  /** A way of its own, for renewals and whatever else decides on ownership: it never queues behind jobs. */
  readonly renewals: Store;
  readonly secret: string;
}

const firstWaitMs = 250;
const longestWaitMs = 2_000;

/** This machine's own member first. */
const endpointsOf = ({ endpoints, member }: ClusterConfig): readonly string[] =>
  member === undefined ? endpoints : [member.clientUrl, ...endpoints.filter((url) => url !== member.clientUrl)];

/** A cluster's nodes may all start at once: the store is there when most of its members are. */
const patiently = async <T>(read: () => Promise<T>, { clock, log }: Surroundings, signal: AbortSignal): Promise<T> => {
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(longestWaitMs, 2 * waitMs)) {
    try {
      return await read();
    } catch (error) {
      if (signal.aborted) throw error;
      if (waitMs === firstWaitMs) log.warn(reasonOf(error), 'the store does not answer yet; this node waits for it');
      await clock.sleep(waitMs, signal);
    }
  }
};

/** Resolves when the store answers. */
export const openClusterStore = async (
  around: Surroundings,
  cluster: ClusterConfig,
  credentials: Credentials | undefined,
): Promise<ClusterStore> => {
  const { clock, stops } = around;
  const endpoints = endpointsOf(cluster);
  const { insecure } = cluster;
  const tls = credentials && (() => new RenewedAgent(credentials));
  const store = openEtcdStore({ endpoints, tls, insecure, clock });
  stops.add(() => store.close());
  const renewals = openEtcdStore({ endpoints, tls, insecure, clock, inFlight: 8 });
  stops.add(() => renewals.close());
  const stopping = new AbortController();
  stops.add(() => stopping.abort());
  const secret = await patiently(() => clusterSecret(store), around, stopping.signal);
  return { endpoints, tls, store, renewals, secret };
};
