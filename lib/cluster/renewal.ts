// Pure: what happens to this node's deadline (DESIGN section 5, R24). Law: deadline = send time of the last confirmed renewal + fenceAfter,
// and a confirmation that is handled after the deadline extends nothing.

import type { NodeRecord } from '../model/cluster.js';

/** starting: nothing is confirmed yet, nothing may be owned. lost: this incarnation owns nothing any more, for ever. */
export type LifeState = 'starting' | 'live' | 'lost';

export interface Renewal {
  readonly incarnation: string;
  readonly state: LifeState;
  /** Why it is lost. */
  readonly because?: string;
  /** Revision of `nodes/<me>` that the next renewal compares; 0 where there is none. */
  readonly revision: number;
  /** Counter of the last renewal that was sent; -1 before the first. */
  readonly counter: number;
  /** Counter → monotonic time of sending, of the latest renewals. */
  readonly sent: ReadonlyMap<number, number>;
  /** Monotonic time; before the first confirmation it has passed. */
  readonly deadline: number;
  /** What was left until the deadline when the tightest of all confirmations came, ms. */
  readonly leastMargin: number;
  readonly fenceAfterMs: number;
}

/** Send times that are kept: more than can be on their way within fenceAfter. */
const keptSends = 32;

/** A new incarnation. `revision` is what `nodes/<me>` was read at, fenced or not. */
export const newLife = (life: { incarnation: string; revision: number; fenceAfterMs: number }): Renewal => ({
  ...life,
  state: 'starting',
  counter: -1,
  sent: new Map(),
  deadline: Number.NEGATIVE_INFINITY,
  leastMargin: life.fenceAfterMs,
});

export const lost = (renewal: Renewal, because: string): Renewal =>
  renewal.state === 'lost' ? renewal : { ...renewal, state: 'lost', because };

/** The deadline is looked at; it must be, before anything else is done with an answer. */
export const atTime = (renewal: Renewal, time: number): Renewal =>
  renewal.state === 'live' && time >= renewal.deadline ? lost(renewal, 'my deadline has passed') : renewal;

/** The next renewal is being sent. */
export const sending = (renewal: Renewal, time: number): Renewal => {
  const counter = renewal.counter + 1;
  const sent = new Map([...renewal.sent, [counter, time] as const].slice(-keptSends));
  return { ...renewal, counter, sent };
};

/** A renewal is known to be in the store, at that revision. */
export const confirmed = (renewal: Renewal, answer: { counter: number; revision: number; time: number }): Renewal => {
  const current = atTime(renewal, answer.time);
  const sentAt = current.sent.get(answer.counter);
  if (current.state === 'lost' || sentAt === undefined) return current;
  const deadline = Math.max(current.deadline, sentAt + current.fenceAfterMs);
  const revision = Math.max(current.revision, answer.revision);
  const left = current.state === 'live' ? current.deadline - answer.time : current.fenceAfterMs;
  const leastMargin = Math.min(current.leastMargin, left);
  return atTime({ ...current, state: 'live', deadline, leastMargin, revision }, answer.time);
};

/** `nodes/<me>` was read after a failed compare: one of our own renewals, whose answer was lost, or the end. */
export const foundRecord = (
  renewal: Renewal,
  found: { record: NodeRecord | undefined; revision: number; time: number },
): Renewal => {
  const { record, revision, time } = found;
  if (record === undefined) return lost(renewal, 'my record is gone from the store');
  if (record.fenced !== undefined) return lost(renewal, `I was fenced by ${record.fenced.by}`);
  if (record.incarnation !== renewal.incarnation) return lost(renewal, 'another incarnation has my name');
  return confirmed(renewal, { counter: record.counter, revision, time });
};

/** Send time of the renewal that this record carries; undefined when it is not one of ours, or too old. */
export const sendTimeOf = (renewal: Renewal, record: NodeRecord | undefined): number | undefined =>
  record === undefined || record.fenced !== undefined || record.incarnation !== renewal.incarnation
    ? undefined
    : renewal.sent.get(record.counter);
