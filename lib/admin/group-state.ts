// Pure: the state of a group in one word, and what is odd about it.

import type { ResourceState } from '../model/cluster.js';

export const groupStates = [
  'online',
  'coming-online',
  'going-offline',
  'partly-offline',
  'offline',
  'unknown',
] as const;

export interface ShownResource {
  readonly name: string;
  readonly wanted: 'online' | 'offline';
  readonly state: ResourceState | 'unknown';
}

export interface GroupState {
  readonly state: (typeof groupStates)[number];
  /** What keeps it from being online. */
  readonly stateReason?: string;
}

const oddities = (resources: readonly ShownResource[]): string =>
  resources
    .filter(({ state }) => state !== 'online')
    .map(({ name, state, wanted }) => `${name} ${state}${state === wanted ? ' as wanted' : ''}`)
    .join(', ');

/** `isOwned`: by a node that lives, as far as is known. */
export const groupStateOf = (resources: readonly ShownResource[], isOwned: boolean): GroupState => {
  const has = (...states: readonly ShownResource['state'][]): boolean =>
    resources.some(({ state }) => states.includes(state));
  const wanted = resources.filter((each) => each.wanted === 'online');
  if (wanted.length === 0) return { state: has('online') ? 'going-offline' : 'offline', stateReason: 'as wanted' };
  if (!isOwned) return { state: 'offline', stateReason: 'nobody owns it' };
  if (has('unknown')) return { state: 'unknown', stateReason: 'its owner does not answer' };
  const stateReason = oddities(resources);
  if (stateReason === '') return { state: 'online' };
  if (has('offline-pending')) return { state: 'going-offline', stateReason };
  if (has('online-pending')) return { state: 'coming-online', stateReason };
  return { state: has('online') ? 'partly-offline' : 'offline', stateReason };
};
