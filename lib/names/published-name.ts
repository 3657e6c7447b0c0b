// One name of a virtual server, wherever it is published, and what operators are told of it.

import type { Clock } from '../platform/clock.js';
import { type FirstWord, MulticastName, type MulticastNameParts } from './multicast-name.js';
import { ZoneName } from './zone-name.js';
import type { updateZone, Zone } from './zone-update.js';

/** Names that were probed for: the cluster's for as long as a group has them. Kept in the store. */
export interface KnownNames {
  has(group: string, name: string): Promise<boolean>;
  remember(group: string, name: string): Promise<void>;
  forget(group: string, name: string): Promise<void>;
}

export type NameEvent = 'name-conflict' | 'name-unpublished' | 'name-published';

export interface PublishedNameParts {
  readonly group: string;
  /** As operators gave it. */
  readonly name: string;
  readonly isNew: boolean;
  readonly clock: Clock;
  readonly known: KnownNames;
  readonly note: (code: NameEvent, fields: { readonly group: string; readonly text: string }) => void;
  readonly multicast: Pick<MulticastNameParts, 'name' | 'addresses' | 'links' | 'random' | 'interfaces'> | undefined;
  readonly zone: Zone | undefined;
  readonly addresses: readonly string[];
  readonly update?: typeof updateZone;
  /** What was begun about the name in its zone before. */
  readonly after: Promise<unknown>;
}

export class PublishedName {
  readonly #parts: PublishedNameParts;
  readonly #multicast: MulticastName | undefined;
  readonly #zone: ZoneName | undefined;
  #isKnown: boolean;
  #told: NameEvent | undefined;
  #isOver = false;

  constructor(parts: PublishedNameParts) {
    this.#parts = parts;
    this.#isKnown = !parts.isNew;
    const { multicast, zone, name, addresses, clock, update, isNew, after } = parts;
    const onChange = (): void => queueMicrotask(() => this.#look());
    this.#multicast = multicast && new MulticastName({ ...multicast, isNew, clock, onChange });
    const zoneParts = zone && { zone, name, addresses, clock, onChange, ...(update === undefined ? {} : { update }) };
    this.#zone = zoneParts && new ZoneName(zoneParts, after);
  }

  get name(): string {
    return this.#parts.name;
  }

  get firstWord(): Promise<FirstWord> {
    return this.#multicast?.firstWord ?? Promise.resolve('ours');
  }

  get trouble(): string | undefined {
    const troubles = [this.#multicast?.contest, this.#multicast?.trouble, this.#zone?.trouble].filter(
      (trouble) => trouble !== undefined,
    );
    return troubles.length === 0 ? undefined : troubles.join('; ');
  }

  /** The link is told where nobody publishes it after us; a zone keeps it. */
  async stop({ forGood }: { readonly forGood: boolean }): Promise<void> {
    this.#isOver = true;
    await Promise.all([this.#multicast?.stop({ goodbye: forGood }), this.#zone?.stop()]);
  }

  /** After `stop`. */
  async remove(group: string, signal: AbortSignal): Promise<void> {
    const { known, name, note } = this.#parts;
    if (this.#multicast !== undefined) await known.forget(group, name).catch(() => {});
    if (this.#zone === undefined || (await this.#zone.remove(signal)) || signal.aborted) return;
    note('name-unpublished', { group, text: `${this.#zone.trouble ?? name}; remove it by hand` });
  }

  #look(): void {
    if (this.#isOver) return;
    const { group, name, known, note } = this.#parts;
    if (this.#multicast?.isOurs === true && !this.#isKnown) {
      this.#isKnown = true;
      // What is forgotten is probed for by the next owner, which costs it a second.
      void known.remember(group, name).catch(() => {});
    }
    const { trouble } = this;
    const isContested = this.#multicast?.contest !== undefined;
    const code = trouble === undefined ? 'name-published' : isContested ? 'name-conflict' : 'name-unpublished';
    const before = this.#told;
    this.#told = code;
    if (code !== before && (before !== undefined || trouble !== undefined))
      note(code, { group, text: trouble ?? name });
  }
}
