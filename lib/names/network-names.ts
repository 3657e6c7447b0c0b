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

type Of = Pick<Publication, 'group' | 'resource'>;

const keyOf = ({ group, resource }: Of): string => `${group}/${resource}`;

interface Published {
  readonly publication: Publication;
  readonly names: readonly PublishedName[];
}

export class NetworkNames {
  readonly #parts: NetworkNamesParts;
  readonly #links: MulticastLinks;
  readonly #published = new Map<string, Published>();
  /** What was begun last about a resource: one thing after the other. */
  readonly #turns = new Map<string, Promise<unknown>>();
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
  publish(publication: Publication, signal: AbortSignal): Promise<void> {
    return this.#inTurn(publication, async () => {
      await this.#stop(publication);
      const known = await Promise.all(publication.names.map((name) => this.#isKnown(publication, name)));
      const names = publication.names.map((name, index) => this.#begin(publication, name, known[index] === true));
      this.#published.set(keyOf(publication), { publication, names });
      const [first] = names;
      const word = await Promise.race([first?.firstWord, aborted(signal)]);
      if (word !== 'taken' && !signal.aborted) return;
      const why = first?.trouble;
      await this.#stop(publication);
      if (word === 'taken') throw new PlatenError('name-conflict', why);
    });
  }

  /** Operators want other names, or other ways: what is published already follows. */
  change(publication: Publication): Promise<void> {
    return this.#inTurn(publication, async () => {
      const before = this.#published.get(keyOf(publication));
      if (before === undefined || isSame(before.publication, publication)) return;
      const keeps = (name: string): boolean =>
        isSame(before.publication.ways, publication.ways) && publication.names.includes(name);
      const gone = before.names.filter(({ name }) => !keeps(name));
      await this.#giveUp(publication.group, gone);
      const names = publication.names.map(async (name) => {
        const kept = before.names.find((each) => each.name === name && keeps(name));
        return kept ?? this.#begin(publication, name, await this.#isKnown(publication, name).catch(() => false));
      });
      this.#published.set(keyOf(publication), { publication, names: await Promise.all(names) });
    });
  }

  /** `forGood`: nobody publishes it after us. */
  withdraw(of: Of, { forGood }: { readonly forGood: boolean }): Promise<void> {
    return this.#inTurn(of, async () => {
      if (!forGood) return this.#stop(of);
      const { names = [] } = this.#published.get(keyOf(of)) ?? {};
      this.#published.delete(keyOf(of));
      await this.#giveUp(of.group, names);
    });
  }

  /** Why clients may not find the virtual server by its names, in words. */
  trouble(of: Of): string | undefined {
    const troubles = (this.#published.get(keyOf(of))?.names ?? []).flatMap(({ trouble }) => trouble ?? []);
    return troubles.length === 0 ? undefined : troubles.join('; ');
  }

  async stop(): Promise<void> {
    this.#over.abort();
    const published = [...this.#published.values()].flatMap(({ names }) => names);
    this.#published.clear();
    await Promise.all([...published.map((each) => each.stop({ forGood: false })), ...this.#removals.values()]);
  }

  #inTurn(of: Of, work: () => Promise<void>): Promise<void> {
    const key = keyOf(of);
    const turn = (this.#turns.get(key) ?? Promise.resolve()).catch(() => {}).then(work);
    this.#turns.set(key, turn);
    const end = (): void => {
      if (this.#turns.get(key) === turn) this.#turns.delete(key);
    };
    turn.then(end, end);
    return turn;
  }

  async #stop(of: Of): Promise<void> {
    const { names = [] } = this.#published.get(keyOf(of)) ?? {};
    this.#published.delete(keyOf(of));
    await Promise.all(names.map((each) => each.stop({ forGood: false })));
  }

  async #giveUp(group: string, names: readonly PublishedName[]): Promise<void> {
    await Promise.all(names.map((each) => each.stop({ forGood: true })));
    for (const each of names) this.#remove(group, each);
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

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

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
