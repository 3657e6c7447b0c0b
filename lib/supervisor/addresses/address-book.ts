// Pure: which command about this node's floating addresses comes next (DESIGN section 5, "Addresses"). Law: no lifetime that is given here lets
// an address outlive `send of the confirmed renewal + 2.6 s`, by when others may have it; an address is gone when that was seen.

/** A confirmed renewal of the life that may have addresses. CLOCK_MONOTONIC, ms. */
export interface Confirmation {
  readonly sentAt: number;
  readonly deadline: number;
}

export type Command =
  /** Delete them, then see what is there. */
  | { readonly do: 'remove'; readonly addresses: readonly string[] }
  /** Add or refresh all of them at once: refreshed apart, one could outlive its lifetime by up to a second. */
  | { readonly do: 'put'; readonly addresses: readonly string[]; readonly lifetimeS: number; readonly sentAt: number }
  /** Let these addresses speak until the deadline, and nobody begin a connection to those that are closing. */
  | { readonly do: 'fence'; readonly fence: Fence }
  /** See what is there. */
  | { readonly do: 'look' };

export interface Fence {
  readonly open: readonly string[];
  readonly closing: readonly string[];
  readonly deadline: number | undefined;
}

/** How a command ended. `present`: what was seen to be there; undefined when it could not be seen. */
export interface CommandEnd {
  readonly ok: boolean;
  readonly present?: ReadonlySet<string>;
}

export interface Book {
  /** Addresses are put on an interface: not so where something else moves them. */
  readonly puts: boolean;
  /** There is a fence: not so where fencing is soft and nft is missing. */
  readonly fences: boolean;
  readonly wanted: ReadonlySet<string>;
  /** What may be there → when it goes by itself at the earliest. */
  readonly there: ReadonlyMap<string, number>;
  readonly closing: ReadonlySet<string>;
  /** Of the present life; undefined: no address may be there. */
  readonly confirmation: Confirmation | undefined;
  /** What the fence is known to be; undefined: nothing is known of it. */
  readonly fence: Fence | undefined;
  /** Send time of the renewal that the last lifetime was given for. */
  readonly putFor: number;
  /** Their lifetime reaches too far: they are removed, and come back with the next renewal. */
  readonly recalled: ReadonlySet<string>;
  /** Send time of the renewal for which it was given. */
  readonly recalledFor: number;
  /** The last lifetime reaches too far, if by little: a shorter one is to follow at once. */
  readonly isTooLong: boolean;
  readonly lookAt: number;
  /** Nothing is tried before, after a failure. */
  readonly pauseUntil: number;
}

/** Two seconds are given this soon after the send: the kernel lets them last for up to 2.51 s (its rounding, and its timers' grain at 250 Hz). */
const quickMs = 60;
/** When they were given later than this, they are cut to one. */
const quickEndMs = 90;
/** One second, which lasts for up to 1.28 s, is given this soon after the send. */
const slowMs = 1_150;
/** What was given later than this beyond the send, and the second that it may have been shortened by, is taken back. */
const latestMs = 250;
const lookEveryMs = 1_000;
const pauseMs = 100;

export const newBook = (way: { readonly puts: boolean; readonly fences: boolean; readonly time: number }): Book => ({
  puts: way.puts,
  fences: way.fences,
  wanted: new Set(),
  there: new Map(),
  closing: new Set(),
  confirmation: undefined,
  fence: undefined,
  putFor: Number.NEGATIVE_INFINITY,
  recalled: new Set(),
  recalledFor: Number.NEGATIVE_INFINITY,
  isTooLong: false,
  lookAt: way.time,
  pauseUntil: way.time,
});

const without = <T>(set: ReadonlySet<T>, one: T): ReadonlySet<T> => new Set([...set].filter((each) => each !== one));

export const want = (book: Book, address: string): Book => ({ ...book, wanted: new Set([...book.wanted, address]) });

export const unwant = (book: Book, address: string): Book => ({
  ...book,
  wanted: without(book.wanted, address),
  closing: without(book.closing, address),
});

export const setClosing = (book: Book, address: string, isClosing: boolean): Book => ({
  ...book,
  closing: isClosing ? new Set([...book.closing, address]) : without(book.closing, address),
});

/** A renewal was confirmed. */
export const renewed = (book: Book, confirmation: Confirmation): Book =>
  confirmation.deadline <= (book.confirmation?.deadline ?? Number.NEGATIVE_INFINITY) ? book : { ...book, confirmation };

/** No address may be there any more. */
export const endLife = (book: Book): Book => ({
  ...book,
  wanted: new Set(),
  closing: new Set(),
  confirmation: undefined,
});

/** What is there is to be seen again, whatever is known of it. */
export const doubt = (book: Book): Book => ({ ...book, lookAt: Number.NEGATIVE_INFINITY });

/** The lifetime that may be given so long after the renewal's send; the kernel knows whole seconds only. */
export const lifetimeSAt = (ageMs: number): 0 | 1 | 2 => {
  if (ageMs <= quickMs) return 2;
  return ageMs <= slowMs ? 1 : 0;
};

type Put = Extract<Command, { do: 'put' }>;

const isLate = ({ sentAt, lifetimeS }: Put, time: number): boolean =>
  time > sentAt + latestMs + (lifetimeS === 1 ? 1_000 : 0);

const isTooLong = ({ sentAt, lifetimeS }: Put, time: number): boolean => lifetimeS === 2 && time > sentAt + quickEndMs;

const sameMembers = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((each) => other.includes(each));

const wantedFence = ({ wanted, closing, confirmation }: Book): Fence => ({
  open: [...wanted],
  closing: [...closing],
  deadline: wanted.size === 0 ? undefined : confirmation?.deadline,
});

/** What speaks is what is wanted: an address has to be open before it is put, and may stay so until it is removed. */
const isFenced = ({ fences, fence, wanted, closing }: Book): boolean =>
  !fences || (fence !== undefined && sameMembers(fence.open, [...wanted]) && sameMembers(fence.closing, [...closing]));

const isAlive = ({ confirmation }: Book, time: number): boolean =>
  confirmation !== undefined && time < confirmation.deadline;

const putting = (book: Book, time: number): Command | undefined => {
  const { confirmation, wanted, there, putFor, recalledFor, puts } = book;
  if (!puts || confirmation === undefined || wanted.size === 0) return undefined;
  const { sentAt } = confirmation;
  if (sentAt <= recalledFor) return undefined;
  const lifetimeS = lifetimeSAt(time - sentAt);
  if (lifetimeS === 0) return undefined;
  const addresses = [...wanted];
  const isMissing = addresses.some((address) => !there.has(address));
  const lengthens = addresses.some((address) => (there.get(address) ?? 0) < time + lifetimeS * 1_000);
  return isMissing || book.isTooLong || (putFor < sentAt && lengthens)
    ? { do: 'put', addresses, lifetimeS, sentAt }
    : undefined;
};

const fencing = (book: Book, time: number): Command | undefined => {
  const { fences, fence, confirmation, wanted } = book;
  const isDue = wanted.size > 0 && isAlive(book, time) && fence?.deadline !== confirmation?.deadline;
  return fences && isDue ? { do: 'fence', fence: wantedFence(book) } : undefined;
};

/** The next command; undefined: nothing is to be done now. */
export const nextCommand = (book: Book, time: number): Command | undefined => {
  if (time < book.pauseUntil) return undefined;
  const isCut = book.isTooLong && lifetimeSAt(time - (book.confirmation?.sentAt ?? 0)) === 0;
  const going = [...book.there.keys()].filter(
    (address) => isCut || !book.wanted.has(address) || book.recalled.has(address),
  );
  if (going.length > 0) return { do: 'remove', addresses: going };
  if (!isFenced(book)) return { do: 'fence', fence: wantedFence(book) };
  const due = isAlive(book, time) ? (putting(book, time) ?? fencing(book, time)) : undefined;
  return due ?? (book.puts && time >= book.lookAt ? { do: 'look' } : undefined);
};

/** When time itself makes a difference; undefined: only something new does. */
export const nextCommandAt = (book: Book, time: number): number | undefined => {
  if (time < book.pauseUntil) return book.pauseUntil;
  return book.puts ? Math.max(time, book.lookAt) : undefined;
};

/** A command is about to run. */
export const began = (book: Book, command: Command, time: number): Book => {
  if (command.do !== 'put') return book;
  const there = new Map(book.there);
  for (const address of command.addresses) there.set(address, time + command.lifetimeS * 1_000);
  return { ...book, there, putFor: command.sentAt, isTooLong: false };
};

const seen = (book: Book, present: ReadonlySet<string>, time: number): Book => ({
  ...book,
  there: new Map([...book.there].filter(([address]) => present.has(address))),
  recalled: new Set([...book.recalled].filter((address) => present.has(address))),
  lookAt: time + lookEveryMs,
});

/** It ended. */
export const ended = (book: Book, command: Command, { ok, present }: CommandEnd, time: number): Book => {
  const known = present === undefined ? book : seen(book, present, time);
  const paused = ok ? known : { ...known, pauseUntil: time + pauseMs };
  if (command.do === 'fence') return { ...paused, fence: ok ? command.fence : undefined };
  if (command.do === 'remove' && ok) return { ...paused, isTooLong: paused.isTooLong && paused.there.size > 0 };
  if (command.do !== 'put') return paused;
  if (!isLate(command, time)) return { ...paused, isTooLong: isTooLong(command, time) };
  return { ...paused, recalled: new Set(command.addresses), recalledFor: command.sentAt };
};

/** Addresses that an earlier life left. */
export const foundLeft = (book: Book, addresses: readonly string[]): Book => ({
  ...book,
  there: new Map([...book.there, ...addresses.map((address) => [address, Number.NEGATIVE_INFINITY] as const)]),
});

/** Wanted, there, and open. */
export const isUp = ({ puts, fences, wanted, there, fence, recalled }: Book, address: string): boolean =>
  wanted.has(address) &&
  (!puts || (there.has(address) && !recalled.has(address))) &&
  (!fences || (fence?.open.includes(address) ?? false));

/** Neither there nor open. */
export const isDown = ({ fences, there, fence }: Book, address: string): boolean =>
  !there.has(address) && (!fences || (fence !== undefined && !fence.open.includes(address)));
