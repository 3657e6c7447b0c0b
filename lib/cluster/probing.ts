// Before addresses of a silent node are taken over, the network is asked whether anybody still has them (R32). It stops no takeover: the silent
// node's kernel has dropped them by then, and whoever answers is told of.

import type { FloatingAddresses } from './floating-addresses.js';
import type { NewsSink } from './news.js';
import { hindrance } from './candidates.js';
import { groupRecord, silenceOf, type View } from './view.js';

/** The last part of a node's silence in which it is asked. */
export const probeMs = 200;

export interface Due {
  readonly group: string;
  readonly address: string;
}

/** Addresses of groups that this node may take as soon as the silence of their owners has lasted. */
export const dueProbes = (view: View): readonly Due[] => {
  const { observed, timing, me, renewal } = view;
  if (renewal.state !== 'live') return [];
  const isDying = (node: string): boolean => {
    const silence = silenceOf(view, node) ?? 0;
    const isFenced = observed.nodes.get(node)?.record.fenced !== undefined;
    return node !== me && !isFenced && silence >= timing.takeoverAfterMs - probeMs;
  };
  return [...observed.owners]
    .filter(([group, { record }]) => record.released !== true && isDying(record.node) && mayTake(view, group))
    .flatMap(([group]) =>
      (groupRecord(view, group)?.resources ?? []).flatMap(({ kind, value }) =>
        kind === 'ip-address' && value !== undefined ? [{ group, address: value }] : [],
      ),
    );
};

const mayTake = (view: View, group: string): boolean => hindrance(view, group, view.me) === undefined;

export class Probing {
  readonly #addresses: Pick<FloatingAddresses, 'probe'>;
  readonly #news: NewsSink;
  /** Asked already in this silence. */
  #asked = new Set<string>();

  constructor(addresses: Pick<FloatingAddresses, 'probe'>, news: NewsSink) {
    this.#addresses = addresses;
    this.#news = news;
  }

  /** To be told of every look. */
  look(view: View): void {
    const due = dueProbes(view);
    const fresh = due.filter(({ address }) => !this.#asked.has(address));
    this.#asked = new Set(due.map(({ address }) => address));
    for (const each of fresh) void this.#probe(each);
  }

  async #probe({ group, address }: Due): Promise<void> {
    const hardware = await this.#addresses.probe(address).catch(() => undefined);
    if (hardware === undefined) return;
    this.#news.note('address-conflict', {
      group,
      text: `${address}: ${hardware} answers for it before it is taken over`,
    });
  }
}
