// Pure: job-hold-until (RFC 8011 section 5.2.2) → when the hold ends. Times of day are the server's own; a bare time is UTC, as CUPS clients send it.

import { PlatenError } from '../errors.js';

export const holdUntilKeywords = [
  'no-hold',
  'indefinite',
  'day-time',
  'evening',
  'night',
  'weekend',
  'second-shift',
  'third-shift',
] as const;

export type HoldUntil =
  | { readonly held: false }
  /** `endsAt`: ms since 1970; absent: until released. */
  | { readonly held: true; readonly endsAt?: number };

/** From which hour to which (of the same or the next day) each keyword lets jobs print. */
const windows: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['day-time', [6, 18]],
  ['evening', [18, 24]],
  ['night', [18, 30]],
  ['second-shift', [16, 24]],
  ['third-shift', [0, 8]],
]);

const atHour = (now: number, dayOffset: number, hour: number): number => {
  const date = new Date(now);
  date.setHours(0, 0, 0, 0);
  date.setDate(date.getDate() + dayOffset);
  date.setHours(hour);
  return date.getTime();
};

const untilWindow = (now: number, [from, to]: readonly [number, number]): HoldUntil => {
  for (const day of [-1, 0, 1]) {
    const opens = atHour(now, day, from);
    if (now < opens) return { held: true, endsAt: opens };
    if (now < atHour(now, day, to)) return { held: false };
  }
  return { held: false };
};

const untilWeekend = (now: number): HoldUntil => {
  const day = new Date(now).getDay();
  return day === 0 || day === 6 ? { held: false } : { held: true, endsAt: atHour(now, 6 - day, 0) };
};

const untilTime = (now: number, text: string): HoldUntil | undefined => {
  const match = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text);
  if (match === null) return undefined;
  const [hours, minutes, seconds] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const date = new Date(now);
  const today = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate(), hours, minutes, seconds);
  return { held: true, endsAt: today > now ? today : today + 86_400_000 };
};

/** `undefined` for a value that is not supported. */
export const readHoldUntil = (value: string, now: number): HoldUntil | undefined => {
  if (value === 'no-hold') return { held: false };
  if (value === 'indefinite') return { held: true };
  if (value === 'weekend') return untilWeekend(now);
  const window = windows.get(value);
  return window === undefined ? untilTime(now, value) : untilWindow(now, window);
};

/** Throws `bad-request` for a value that is not supported. */
export const mustReadHoldUntil = (value: string, now: number): HoldUntil => {
  const read = readHoldUntil(value, now);
  if (read === undefined)
    throw new PlatenError('bad-request', `job-hold-until ${JSON.stringify(value)} is not supported`);
  return read;
};
