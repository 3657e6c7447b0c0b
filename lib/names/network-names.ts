// Makes virtual servers' names known where clients look for them: in multicast DNS, and in the zones whose servers take updates.

import { networkInterfaces } from 'node:os';
import { PlatenError } from '../errors.js';
import type { PublishWay } from '../model/cluster.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import { MulticastLinks } from './multicast-links.js';
import { isLoopback, type Interfaces } from './places.js';
import { type KnownNames, PublishedName, type PublishedNameParts } from './published-name.js';
import type { updateZone, Zone } from './zone-update.js';

/** A network-name resource, and all that it publishes. */
export interface Publication {
  readonly group: string;
  readonly resource: string;
  /** The network name first, then its aliases. */
  readonly names: readonly string[];
  readonly addresses: readonly string[];
  readonly ways: readonly PublishWay[];
}

export interface NetworkNamesParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly zones: readonly Zone[];
  readonly known: KnownNames;
  readonly note: PublishedNameParts['note'];
  readonly random?: () => number;
  readonly interfaces?: () => Interfaces;
  readonly update?: typeof updateZone;
}

const keyOf = ({ group, resource }: Pick<Publication, 'group' | 'resource'>): string => `${group}/${resource}`;

export class NetworkNames {
  readonly #parts: NetworkNamesParts;
  readonly #links: MulticastLinks;
  readonly #published = new Map<string, PublishedName[]>();
  /** Removals from zones that are under way, by name: whatever is written of a name comes after them. */
  readonly #removals = new Map<string, Promise<unknown>>();
  readonly #over = new AbortController();

  constructor(parts: NetworkNamesParts) {
    this.#parts = parts;
    this.#links = new MulticastLinks(parts);
  }

  /**
   * Resolves when the network name may be used: at once but where it is new and has to be probed for; never later than a few seconds, whatever
   * name services do. Throws `name-conflict` when another host has it.
   */
  async publish(publication: Publication, signal: AbortSignal): Promise<void> {
    await this.withdraw(publication, { forGood: false });
    const known = await Promise.all(publication.names.map((name) => this.#isKnown(publication, name)));
    const published = publication.names.map((name, index) => this.#begin(publication, name, known[index] === true));
    this.#published.set(keyOf(publication), published);
    const [first] = published;
    const word = await Promise.race([first?.firstWord, aborted(signal)]);
    if (word !== 'taken' && !signal.aborted) return;
    const why = first?.trouble;
    await this.withdraw(publication, { forGood: false });
    if (word === 'taken') throw new PlatenError('name-conflict', why);
  }

  /** `forGood`: nobody publishes it after us. */
  async withdraw(
    of: Pick<Publication, 'group' | 'resource'>,
    { forGood }: { readonly forGood: boolean },
  ): Promise<void> {
    const published = this.#published.get(keyOf(of)) ?? [];
    this.#published.delete(keyOf(of));
    await Promise.all(published.map((each) => each.stop({ forGood })));
    if (forGood) for (const each of published) this.#remove(of.group, each);
  }

  /** Why clients may not find the virtual server by its names, in words. */
  trouble(of: Pick<Publication, 'group' | 'resource'>): string | undefined {
    const troubles = (this.#published.get(keyOf(of)) ?? []).flatMap(({ trouble }) => trouble ?? []);
    return troubles.length === 0 ? undefined : troubles.join('; ');
  }

  async stop(): Promise<void> {
    this.#over.abort();
    const published = [...this.#published.values()].flat();
    this.#published.clear();
    await Promise.all([...published.map((each) => each.stop({ forGood: false })), ...this.#removals.values()]);
  }

  async #isKnown(publication: Publication, name: string): Promise<boolean> {
    return onLink(publication, name) !== undefined && (await this.#parts.known.has(publication.group, name));
  }

  #begin(publication: Publication, name: string, isKnown: boolean): PublishedName {
    const { clock, zones, known, note, random = Math.random, interfaces = networkInterfaces, update } = this.#parts;
    const { group, addresses, ways } = publication;
    const link = onLink(publication, name);
    return new PublishedName({
      group,
      name,
      isNew: !isKnown,
      clock,
      known,
      note,
      multicast: link && { ...link, links: this.#links, random, interfaces },
      zone: ways.includes('dns') ? zoneOf(name, zones) : undefined,
      addresses,
      ...(update === undefined ? {} : { update }),
      after: this.#removals.get(name) ?? Promise.resolve(),
    });
  }

  #remove(group: string, published: PublishedName): void {
    const { name } = published;
    const removal = published.remove(group, this.#over.signal).finally(() => {
      if (this.#removals.get(name) === removal) this.#removals.delete(name);
    });
    this.#removals.set(name, removal);
  }
}

/** A bare name is the link's own. */
const multicastName = (name: string): string | undefined => {
  if (!name.includes('.')) return `${name}.local`;
  return name.endsWith('.local') ? name : undefined;
};

/** What is published of the name in multicast DNS. */
const onLink = ({ addresses, ways }: Publication, name: string) => {
  const multicast = ways.includes('multicast') ? multicastName(name) : undefined;
  const reachable = addresses.filter((address) => !isLoopback(address));
  return multicast === undefined || reachable.length === 0 ? undefined : { name: multicast, addresses: reachable };
};

/** The innermost of the zones that hold the name. */
const zoneOf = (name: string, zones: readonly Zone[]): Zone | undefined =>
  zones
    .filter(({ zone }) => name.endsWith(`.${zone}`))
    .toSorted((one, other) => other.zone.length - one.zone.length)[0];

const aborted = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
