// Pure: the course of one worker after another, as their supervisor steers it (DESIGN section 5, fence 2): what became known goes in, what is
// to be done comes out. Law: a life is written off in the store only when nothing of it is left.

import { backOffMs, soundAfterMs } from './back-off.js';

export type Phase =
  /** The worker runs; it has told of no life yet. */
  | { readonly name: 'starting' }
  /** Without a deadline: no renewal of this life was confirmed yet. */
  | { readonly name: 'living'; readonly deadline: number | undefined }
  /** The worker has ended its life itself, and nothing of that is left. */
  | { readonly name: 'ended' }
  /** The deadline has passed, and the worker has not said that it ended its life. */
  | { readonly name: 'overdue'; readonly killAt: number }
  | { readonly name: 'killing' }
  /** The worker is reaped; its children and addresses go. */
  | { readonly name: 'clearing' }
  /** The end of its life is being written. */
  | { readonly name: 'fencing'; readonly until: number }
  | { readonly name: 'backing-off'; readonly until: number }
  | { readonly name: 'over'; readonly status: number };

export interface Course {
  readonly phase: Phase;
  /** Lives of this worker that the store may still take for alive, the newest last. */
  readonly lives: readonly string[];
  readonly startedAt: number;
  /** When the worker was last heard of. */
  readonly heardAt: number;
  /** Ends in a row that came soon after the start. */
  readonly earlyEnds: number;
  /** A worker was ready once: the configuration is sound. */
  readonly wasReady: boolean;
  /** Why this worker's life is over, for the store. */
  readonly because: string;
  /** Exit status of the last worker. */
  readonly status: number;
  readonly stopAskedAt: number | undefined;
}

export type Fact =
  | { readonly kind: 'life'; readonly incarnation: string }
  | { readonly kind: 'deadline'; readonly incarnation: string; readonly deadline: number }
  | { readonly kind: 'ended'; readonly incarnation: string }
  | { readonly kind: 'ready' }
  | { readonly kind: 'ping' }
  /** The worker is reaped, and all that it said was heard. */
  | { readonly kind: 'exited'; readonly status: number; readonly text: string }
  | { readonly kind: 'cleared' }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'stop' }
  /** Time has passed, and everything that was said meanwhile was heard. */
  | { readonly kind: 'time' };

export type Action =
  | { readonly do: 'start' }
  | { readonly do: 'tell-stop' }
  | { readonly do: 'tell-overdue'; readonly incarnation: string }
  | { readonly do: 'remove-addresses' }
  | { readonly do: 'kill'; readonly because: string }
  | { readonly do: 'clear' }
  | { readonly do: 'fence'; readonly lives: readonly string[]; readonly because: string };

export interface Step {
  readonly course: Course;
  readonly actions: readonly Action[];
}

/** A worker that ends so is not started again, whatever was before: another node has its name. */
export const neverAgain = 3;
/** How long after its deadline a worker may go on ending its life itself. */
const graceMs = 300;
/** A worker without a deadline that is silent for so long hangs. */
const silenceMs = 30_000;
/** The next worker does not wait longer for a store that does not answer; the writing goes on meanwhile. */
const fenceWaitMs = 1_000;
/** A second signal within this time is the same one: terminals send it to every process, launchers hand it on. */
const sameSignalMs = 1_000;

const running: readonly Phase['name'][] = ['starting', 'living', 'ended', 'overdue'];
const isRunning = ({ phase }: Course): boolean => running.includes(phase.name);

const started = (course: Course, time: number): Step => ({
  course: {
    ...course,
    phase: { name: 'starting' },
    lives: [],
    startedAt: time,
    heardAt: time,
    because: 'its worker died',
  },
  actions: [{ do: 'start' }],
});

/** The first worker. */
export const begin = (time: number): Step =>
  started(
    {
      phase: { name: 'starting' },
      lives: [],
      startedAt: time,
      heardAt: time,
      earlyEnds: 0,
      wasReady: false,
      because: '',
      status: 0,
      stopAskedAt: undefined,
    },
    time,
  );

const still = (course: Course): Step => ({ course, actions: [] });
const to = (course: Course, phase: Phase, ...actions: readonly Action[]): Step => ({
  course: { ...course, phase },
  actions,
});

const killed = (course: Course, because: string): Step =>
  to({ ...course, because }, { name: 'killing' }, { do: 'kill', because });

/** Nothing is left of the last worker: the next one, or the end. */
const afterAll = (course: Course, time: number): Step => {
  const { stopAskedAt, wasReady, status, earlyEnds } = course;
  if (status === neverAgain) return to(course, { name: 'over', status: 2 });
  if (stopAskedAt !== undefined || (!wasReady && status === 2)) return to(course, { name: 'over', status });
  return to(course, { name: 'backing-off', until: time + backOffMs(earlyEnds - 1) });
};

const current = ({ lives }: Course): string | undefined => lives.at(-1);

/** The facts that a worker tells. */
const told = (course: Course, fact: Extract<Fact, { kind: 'life' | 'deadline' | 'ended' }>): Step => {
  const { phase, lives } = course;
  if (fact.kind === 'life')
    // A new life begins only when nothing is left of the one before.
    return to({ ...course, lives: [...lives, fact.incarnation] }, { name: 'living', deadline: undefined });
  if (fact.incarnation !== current(course)) return still(course);
  if (fact.kind === 'ended') return to(course, { name: 'ended' });
  // Once the addresses are taken away, no confirmation that was on its way brings the life back.
  if (phase.name !== 'living') return still(course);
  const deadline = Math.max(phase.deadline ?? fact.deadline, fact.deadline);
  return to({ ...course, lives: [fact.incarnation] }, { name: 'living', deadline });
};

const exited = (course: Course, fact: Extract<Fact, { kind: 'exited' }>, time: number): Step => {
  const { phase, startedAt, earlyEnds, because } = course;
  const ended: Course = {
    ...course,
    status: fact.status,
    earlyEnds: time - startedAt >= soundAfterMs ? 1 : earlyEnds + 1,
    because: phase.name === 'killing' ? because : `its worker ${fact.text}`,
  };
  return to(ended, { name: 'clearing' }, { do: 'clear' });
};

const stopAsked = (course: Course, time: number): Step => {
  const { phase, stopAskedAt } = course;
  if (stopAskedAt !== undefined)
    return time - stopAskedAt > sameSignalMs && isRunning(course)
      ? killed(course, 'it was told twice to stop')
      : still(course);
  const stopping = { ...course, stopAskedAt: time };
  if (phase.name === 'backing-off') return to(stopping, { name: 'over', status: 0 });
  return { course: stopping, actions: isRunning(course) ? [{ do: 'tell-stop' }] : [] };
};

const atTime = (course: Course, time: number): Step => {
  const { phase, heardAt } = course;
  const incarnation = current(course);
  if (phase.name === 'living' && phase.deadline !== undefined) {
    if (time < phase.deadline || incarnation === undefined) return still(course);
    const overdue: Phase = { name: 'overdue', killAt: time + graceMs };
    return to(course, overdue, { do: 'remove-addresses' }, { do: 'tell-overdue', incarnation });
  }
  if (phase.name === 'overdue')
    return time < phase.killAt ? still(course) : killed(course, 'its worker hung beyond its deadline');
  if (phase.name === 'fencing') return time < phase.until ? still(course) : afterAll(course, time);
  if (phase.name === 'backing-off') return time < phase.until ? still(course) : started(course, time);
  return isRunning(course) && time >= heardAt + silenceMs ? killed(course, 'its worker hung') : still(course);
};

export const step = (before: Course, fact: Fact, time: number): Step => {
  const { phase } = before;
  switch (fact.kind) {
    case 'life':
    case 'deadline':
    case 'ended':
      return isRunning(before) ? told({ ...before, heardAt: time }, fact) : still(before);
    case 'ready':
      return still({ ...before, heardAt: time, wasReady: true });
    case 'ping':
      return still({ ...before, heardAt: time });
    case 'exited':
      return isRunning(before) || phase.name === 'killing' ? exited(before, fact, time) : still(before);
    case 'cleared': {
      if (phase.name !== 'clearing') return still(before);
      const { lives, because } = before;
      if (lives.length === 0) return afterAll(before, time);
      return to(before, { name: 'fencing', until: time + fenceWaitMs }, { do: 'fence', lives, because });
    }
    case 'fenced':
      return phase.name === 'fencing' ? afterAll(before, time) : still(before);
    case 'stop':
      return stopAsked(before, time);
    case 'time':
      return atTime(before, time);
    default:
      return fact satisfies never;
  }
};

/** When time itself is the next fact; undefined: nothing is waited for. */
export const lookAgainAt = (course: Course): number | undefined => {
  const { phase, heardAt } = course;
  switch (phase.name) {
    case 'living':
      return phase.deadline ?? heardAt + silenceMs;
    case 'starting':
    case 'ended':
      return heardAt + silenceMs;
    case 'overdue':
      return phase.killAt;
    case 'fencing':
    case 'backing-off':
      return phase.until;
    case 'killing':
    case 'clearing':
    case 'over':
      return undefined;
    default:
      return phase satisfies never;
  }
};
