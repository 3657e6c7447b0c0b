// One name of a virtual server in multicast DNS, on every link that has an address of it.

import { networkInterfaces } from 'node:os';
import type { Clock } from '../platform/clock.js';
import { HostClaim } from '../protocols/mdns/host-claim.js';
import type { Joined, MulticastLinks } from './multicast-links.js';
import { type Interfaces, placesOf } from './places.js';

export interface MulticastNameParts {
  /** Such as `sales.local`. */
  readonly name: string;
  readonly addresses: readonly string[];
  /** Somebody else may have it. */
  readonly isNew: boolean;
  readonly links: MulticastLinks;
  readonly clock: Clock;
  readonly random: () => number;
  /** What `trouble` says may have changed. */
  readonly onChange: () => void;
  readonly interfaces?: () => Interfaces;
}

/** `taken`: by another host. `unheard`: nothing could be said yet; it is tried again. */
export type FirstWord = 'ours' | 'taken' | 'unheard';

/** Before sockets are tried again, and before a name that another host has is asked for again. */
const retryMs = 5_000;
const retryTakenMs = 30_000;
/** Who defended a name and was not heard of for so long uses it no longer: the time to live of its records. */
const contestMs = 120_000;
/** Probing takes a second; each tie with another prober as much. */
const patienceMs = 4_000;

export class MulticastName {
  readonly #parts: MulticastNameParts;
  #isNew: boolean;
  #joined: Joined[] = [];
  #trouble: string | undefined;
  #taken: string | undefined;
  #isOver = false;
  #cancel: () => void = () => {};
  #say: (word: FirstWord) => void = () => {};
  #open: Promise<void>;
  /** What became of the first try; within a few seconds. */
  readonly firstWord: Promise<FirstWord>;

  constructor(parts: MulticastNameParts) {
    this.#parts = parts;
    this.#isNew = parts.isNew;
    this.firstWord = new Promise((resolve) => {
      const cancel = parts.clock.after(patienceMs, () => resolve('unheard'));
      this.#say = (word) => {
        cancel();
        resolve(word);
      };
    });
    this.#open = this.#join();
  }

  get name(): string {
    return this.#parts.name;
  }

  /** Nobody else has it: it was probed for, or was this cluster's before. */
  get isOurs(): boolean {
    return !this.#isNew;
  }

  /** Why clients may not find it. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Who else uses it, as words about it. */
  get contest(): string | undefined {
    const { name, clock } = this.#parts;
    const contest = this.#joined.map(({ claim }) => claim.contest).find((each) => each !== undefined);
    if (contest !== undefined && clock.monotonic() - contest.at < contestMs)
      return `another host uses the name ${name}, too: ${contest.data}`;
    return this.#taken;
  }

  /** `goodbye`: the name is given up for good. */
  async stop(options: { readonly goodbye: boolean }): Promise<void> {
    this.#isOver = true;
    this.#cancel();
    this.#say('unheard');
    await this.#open;
    await this.#leave(options);
  }

  async #join(): Promise<void> {
    const { name, addresses, links, clock, random, interfaces = networkInterfaces } = this.#parts;
    try {
      const places = placesOf(addresses, interfaces());
      if (places.length === 0) throw new Error(`no interface has ${addresses.join(' or ')}`);
      for (const place of places) {
        if (this.#isOver) return;
        const claim = new HostClaim({ host: { name, addresses }, isNew: this.#isNew, random, now: clock.monotonic() });
        const onError = (error: Error): void => this.#failed(error);
        this.#joined.push(await links.join(place, { claim, onChange: () => this.#look(), onError }));
      }
      this.#look();
    } catch (error) {
      this.#failed(error);
    }
  }

  #look(): void {
    if (this.#isOver) return;
    const claims = this.#joined.map(({ claim }) => claim);
    const lost = claims.find(({ state }) => state === 'conflict');
    if (lost !== undefined) {
      const { name } = this.#parts;
      this.#taken = `another host has the name ${name}: ${lost.contest?.data ?? ''}`;
      this.#say('taken');
      return void this.#again(undefined, { afterMs: retryTakenMs, goodbye: true });
    }
    if (claims.length > 0 && claims.every(({ state }) => state !== 'probing')) {
      this.#isNew = false;
      this.#trouble = undefined;
      this.#taken = undefined;
      this.#say('ours');
    }
    this.#parts.onChange();
  }

  /** Who knows the name may go on using it. */
  #failed(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    void this.#again(`${this.#parts.name} is not published: ${why}`, { afterMs: retryMs, goodbye: false });
  }

  async #again(
    trouble: string | undefined,
    { afterMs, goodbye }: { readonly afterMs: number; readonly goodbye: boolean },
  ): Promise<void> {
    if (this.#isOver) return;
    this.#trouble = trouble;
    this.#say('unheard');
    this.#cancel();
    this.#cancel = this.#parts.clock.after(afterMs, () => {
      this.#open = this.#join();
    });
    this.#parts.onChange();
    await this.#leave({ goodbye });
  }

  async #leave(options: { readonly goodbye: boolean }): Promise<void> {
    const joined = this.#joined;
    this.#joined = [];
    await Promise.all(joined.map((each) => each.leave(options)));
  }
}
