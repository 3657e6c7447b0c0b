// The end of a long stretch of keys. etcd reads all of a stretch before it gives its last keys, so the stretch is cut first:
// counts, which read no value, find a cut with enough keys behind it, octet by octet. Pure but for what it is told.

import type { Stretch } from './wire.js';

export interface Sight {
  /** Keys in the stretch. */
  readonly count: number;
  /** The first of them. */
  readonly first: Buffer | undefined;
}

/** Fewer keys more than wanted are not worth another look. */
const slack = 64;
const zeroDigit = 0x30;
const afterDigits = 0x3a;

/** Between two octets; keys end in digits as a rule (ids). */
const middleOf = (low: number, high: number): number =>
  [afterDigits, zeroDigit].find((octet) => low < octet && octet < high) ?? (low + high) >> 1;

const startsAt = (cut: Buffer, { low, high }: Stretch): 'before' | 'inside' | 'after' => {
  if (cut.compare(low) <= 0) return 'before';
  return high !== undefined && cut.compare(high) >= 0 ? 'after' : 'inside';
};

/** A part of `whole` that ends with it, with at least `wanted` keys if it has as many, and hardly more than twice as many. `look` must always see the same keys. */
export const tailOf = async (whole: Stretch, wanted: number, look: (part: Stretch) => Promise<Sight>) => {
  const atMost = 2 * wanted + slack;
  const all = await look(whole);
  if (all.count <= atMost) return whole;
  let tail: Stretch = { low: all.first ?? whole.low, high: whole.high };
  for (const prefix: number[] = []; ; ) {
    let enough = -1;
    let tooFew = 256;
    while (tooFew - enough > 1) {
      const octet = middleOf(enough, tooFew);
      const cut = Buffer.from([...prefix, octet]);
      const at = startsAt(cut, tail);
      const sight = at === 'inside' ? await look({ low: cut, high: tail.high }) : undefined;
      if (at === 'after' || (sight !== undefined && sight.count < wanted)) {
        tooFew = octet;
        continue;
      }
      enough = octet;
      if (sight === undefined) continue;
      tail = { low: sight.first ?? cut, high: tail.high };
      if (sight.count <= atMost) return tail;
    }
    if (enough === -1) return tail;
    prefix.push(enough);
  }
};
