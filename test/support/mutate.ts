// Damaged variants of good messages, for any parser. Seeded: the same corpus, seed and count give the same octets.

export interface MutationOptions {
  readonly seed: number;
  readonly count: number;
  /** Longest result; longer ones are cut. */
  readonly longest?: number;
}

/** A small generator of numbers (mulberry32): fast, good enough, and the same on every platform. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** An integer from 0 to below `bound`. */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * bound);
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[this.below(from.length)];
    if (picked === undefined) throw new RangeError('nothing to pick from');
    return picked;
  }
}

type Mutation = (bytes: Uint8Array, random: Random, corpus: readonly Uint8Array[]) => Uint8Array;

const interesting = [0x00, 0x01, 0x03, 0x09, 0x0a, 0x20, 0x2d, 0x34, 0x37, 0x4a, 0x7f, 0x80, 0xc3, 0xff];
const interestingShorts = [0x0000, 0x0001, 0x0004, 0x00ff, 0x0100, 0x03ff, 0x0400, 0x7fff, 0x8000, 0xffff];

const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

const changed = (bytes: Uint8Array, change: (copy: Uint8Array) => void): Uint8Array => {
  const copy = new Uint8Array(bytes);
  if (copy.length > 0) change(copy);
  return copy;
};

/** A piece of at most `longest` octets. */
const piece = (bytes: Uint8Array, random: Random, longest: number): Uint8Array => {
  const start = random.below(bytes.length + 1);
  return bytes.subarray(start, start + 1 + random.below(longest));
};

const insertAt = (bytes: Uint8Array, at: number, inserted: Uint8Array): Uint8Array =>
  joined(bytes.subarray(0, at), inserted, bytes.subarray(at));

const flipBit: Mutation = (bytes, random) =>
  changed(bytes, (copy) => {
    const at = random.below(copy.length);
    copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
  });

const setOctet: Mutation = (bytes, random) =>
  changed(bytes, (copy) => {
    copy[random.below(copy.length)] = random.below(2) === 0 ? random.pick(interesting) : random.below(256);
  });

const insert: Mutation = (bytes, random) => {
  const inserted = Uint8Array.from({ length: 1 + random.below(8) }, () =>
    random.below(2) === 0 ? random.pick(interesting) : random.below(256),
  );
  return insertAt(bytes, random.below(bytes.length + 1), inserted);
};

const remove: Mutation = (bytes, random) => {
  const at = random.below(bytes.length + 1);
  return joined(bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(16)));
};

const truncate: Mutation = (bytes, random) => bytes.slice(0, random.below(bytes.length + 1));

const repeat: Mutation = (bytes, random) => {
  const repeated = piece(bytes, random, 64);
  const times = 1 + random.below(12);
  const copies = Array.from({ length: times }, () => repeated);
  return insertAt(bytes, random.below(bytes.length + 1), joined(...copies));
};

const splice: Mutation = (bytes, random, corpus) => {
  const other = random.pick(corpus);
  return joined(bytes.subarray(0, random.below(bytes.length + 1)), other.subarray(random.below(other.length + 1)));
};

const transplant: Mutation = (bytes, random, corpus) =>
  insertAt(bytes, random.below(bytes.length + 1), piece(random.pick(corpus), random, 48));

/** Changes two octets as if they were a length: to a value at an edge, or by a little. */
const changeLength: Mutation = (bytes, random) =>
  changed(bytes, (copy) => {
    if (copy.length < 2) return;
    const at = random.below(copy.length - 1);
    const view = new DataView(copy.buffer);
    const edge = random.below(2) === 0;
    view.setUint16(at, edge ? random.pick(interestingShorts) : (view.getUint16(at) + random.below(9) - 4) & 0xffff);
  });

/** Changes a run of decimal digits, the lengths of text protocols. */
const changeDigits: Mutation = (bytes, random) => {
  const isDigit = (octet: number | undefined): boolean => octet !== undefined && octet >= 0x30 && octet <= 0x39;
  const from = random.below(bytes.length + 1);
  const at = bytes.findIndex((octet, index) => index >= from && isDigit(octet));
  if (at < 0) return changeLength(bytes, random, []);
  let end = at;
  while (isDigit(bytes[end])) end += 1;
  const digits = random.pick(['', '0', '-1', '1', '65536', '4294967296', '125899906843000', '9'.repeat(30)]);
  return joined(bytes.subarray(0, at), Buffer.from(digits), bytes.subarray(end));
};

const mutationKinds: readonly Mutation[] = [
  flipBit,
  flipBit,
  setOctet,
  setOctet,
  insert,
  remove,
  truncate,
  repeat,
  splice,
  transplant,
  changeLength,
  changeLength,
  changeLength,
  changeDigits,
];

/** `count` damaged messages, each with one to four mutations of a message of the corpus. */
export function* mutations(corpus: readonly Uint8Array[], options: MutationOptions): Iterable<Uint8Array> {
  const { seed, count, longest = 256 * 1024 } = options;
  const random = new Random(seed);
  for (let made = 0; made < count; made += 1) {
    let bytes = random.pick(corpus);
    const rounds = 1 + random.below(4);
    for (let round = 0; round < rounds; round += 1) bytes = random.pick(mutationKinds)(bytes, random, corpus);
    yield bytes.length > longest ? bytes.slice(0, longest) : bytes;
  }
}
