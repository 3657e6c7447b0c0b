// What the supervisor does about its worker: each case is a story of facts, with what is to be done after each.

import t from 'tap';
import { begin, lookAgainAt, neverAgain, step, type Course, type Fact } from '../../lib/supervisor/course.js';

/** `at` defaults to the time before; `does` lists what is done, `phase` where that leads. */
interface Chapter {
  readonly at?: number;
  readonly fact: Fact;
  readonly does?: readonly string[];
  readonly phase?: string;
}

const life = (incarnation: string): Fact => ({ kind: 'life', incarnation });
const deadline = (incarnation: string, at: number): Fact => ({ kind: 'deadline', incarnation, deadline: at });
const ended = (incarnation: string): Fact => ({ kind: 'ended', incarnation });
const exited = (status: number): Fact => ({ kind: 'exited', status, text: `ended with status ${status}` });
const time: Fact = { kind: 'time' };
const stop: Fact = { kind: 'stop' };

const stories: Readonly<Record<string, readonly Chapter[]>> = {
  'a life whose deadline moves on is left alone': [
    { at: 10, fact: life('a'), phase: 'living' },
    { at: 20, fact: deadline('a', 1_800) },
    { at: 300, fact: deadline('a', 2_100) },
    { at: 1_801, fact: time, phase: 'living' },
  ],
  'a deadline that came late, behind a newer one, takes nothing back': [
    { at: 10, fact: life('a') },
    { at: 20, fact: deadline('a', 2_100) },
    { at: 21, fact: deadline('a', 1_800) },
    { at: 1_900, fact: time, phase: 'living' },
  ],
  'a worker that hangs loses its addresses at the deadline, is killed, reaped, cleared, and only then fenced': [
    { at: 10, fact: life('a') },
    { at: 20, fact: deadline('a', 1_800) },
    { at: 1_799, fact: time, phase: 'living' },
    { at: 1_800, fact: time, does: ['remove-addresses', 'tell-overdue'], phase: 'overdue' },
    { at: 2_099, fact: time, phase: 'overdue' },
    { at: 2_100, fact: time, does: ['kill'], phase: 'killing' },
    { at: 2_110, fact: exited(137), does: ['clear'], phase: 'clearing' },
    {
      at: 2_120,
      fact: { kind: 'cleared' },
      does: ['fence a: its worker hung beyond its deadline'],
      phase: 'fencing',
    },
    { at: 2_130, fact: { kind: 'fenced' }, phase: 'backing-off' },
    { at: 2_130, fact: time, does: ['start'], phase: 'starting' },
  ],
  'a confirmation that arrives when the addresses are gone does not bring the life back': [
    { at: 10, fact: life('a') },
    { at: 20, fact: deadline('a', 1_800) },
    { at: 1_800, fact: time, does: ['remove-addresses', 'tell-overdue'] },
    { at: 1_801, fact: deadline('a', 3_300), phase: 'overdue' },
    { at: 2_100, fact: time, does: ['kill'], phase: 'killing' },
  ],
  'a worker that ends its overdue life itself is not killed': [
    { at: 10, fact: life('a') },
    { at: 20, fact: deadline('a', 1_800) },
    { at: 1_800, fact: time, does: ['remove-addresses', 'tell-overdue'] },
    { at: 1_950, fact: ended('a'), phase: 'ended' },
    { at: 5_000, fact: time, phase: 'ended' },
    { at: 5_010, fact: life('b'), phase: 'living' },
  ],
  'a life that its worker ended before the deadline has no deadline any more': [
    { at: 10, fact: life('a') },
    { at: 20, fact: deadline('a', 1_800) },
    { at: 1_000, fact: ended('a'), phase: 'ended' },
    { at: 1_900, fact: time, phase: 'ended' },
  ],
  'a supervisor that stood still hears what was said meanwhile before it looks at the time': [
    { at: 10, fact: life('a') },
    { at: 20, fact: deadline('a', 1_800) },
    { at: 9_000, fact: ended('a') },
    { fact: life('b') },
    { fact: deadline('b', 10_500) },
    { fact: time, phase: 'living' },
  ],
  'after it stood still it gives a worker that stood still too the time to end its life': [
    { at: 10, fact: life('a') },
    { at: 20, fact: deadline('a', 1_800) },
    { at: 9_000, fact: time, does: ['remove-addresses', 'tell-overdue'] },
    { at: 9_200, fact: ended('a'), phase: 'ended' },
  ],
  'what is said of a life that is not the current one changes nothing': [
    { at: 10, fact: life('a') },
    { at: 20, fact: ended('a') },
    { at: 30, fact: life('b') },
    { at: 40, fact: deadline('a', 50), phase: 'living' },
    { at: 60, fact: time, phase: 'living' },
    { at: 70, fact: ended('a'), phase: 'living' },
  ],
  'a worker that dies is fenced at once, and started again': [
    { at: 10, fact: life('a') },
    { at: 20, fact: deadline('a', 1_800) },
    { at: 500, fact: exited(137), does: ['clear'], phase: 'clearing' },
    { at: 510, fact: { kind: 'cleared' }, does: ['fence a: its worker ended with status 137'], phase: 'fencing' },
    { at: 520, fact: { kind: 'fenced' } },
    { at: 520, fact: time, does: ['start'] },
  ],
  'of a life that was not confirmed, the one before may still be in the store: both are fenced': [
    { at: 10, fact: life('a') },
    { at: 20, fact: deadline('a', 1_800) },
    { at: 30, fact: ended('a') },
    { at: 40, fact: life('b') },
    { at: 50, fact: exited(1), does: ['clear'] },
    { at: 60, fact: { kind: 'cleared' }, does: ['fence a,b: its worker ended with status 1'] },
  ],
  'once a life is confirmed, those before it are history': [
    { at: 10, fact: life('a') },
    { at: 30, fact: ended('a') },
    { at: 40, fact: life('b') },
    { at: 45, fact: deadline('b', 1_800) },
    { at: 50, fact: exited(1), does: ['clear'] },
    { at: 60, fact: { kind: 'cleared' }, does: ['fence b: its worker ended with status 1'] },
  ],
  'a store that does not answer keeps no worker from being started': [
    { at: 10, fact: life('a') },
    { at: 50, fact: exited(1), does: ['clear'] },
    { at: 60, fact: { kind: 'cleared' }, does: ['fence a: its worker ended with status 1'] },
    { at: 1_060, fact: time, phase: 'backing-off' },
    { at: 1_060, fact: time, does: ['start'], phase: 'starting' },
    { at: 1_070, fact: { kind: 'fenced' }, phase: 'starting' },
  ],
  'a worker without a life that dies leaves nothing to be fenced; the second start waits': [
    { at: 1, fact: { kind: 'ready' } },
    { at: 50, fact: exited(1), does: ['clear'] },
    { at: 60, fact: { kind: 'cleared' }, phase: 'backing-off' },
    { at: 60, fact: time, does: ['start'] },
    { at: 100, fact: exited(1), does: ['clear'] },
    { at: 100, fact: { kind: 'cleared' } },
    { at: 299, fact: time, phase: 'backing-off' },
    { at: 300, fact: time, does: ['start'] },
  ],
  'exit status 2 before any worker was ready is a configuration that cannot be used': [
    { at: 50, fact: exited(2), does: ['clear'] },
    { at: 60, fact: { kind: 'cleared' }, phase: 'over 2' },
  ],
  'exit status 2 after one was ready is tried again': [
    { at: 40, fact: { kind: 'ready' } },
    { at: 50, fact: exited(2), does: ['clear'] },
    { at: 60, fact: { kind: 'cleared' }, phase: 'backing-off' },
  ],
  'a worker whose name another node has is not started again': [
    { at: 40, fact: { kind: 'ready' } },
    { at: 50, fact: exited(neverAgain), does: ['clear'] },
    { at: 60, fact: { kind: 'cleared' }, phase: 'over 2' },
  ],
  'told to stop: the worker ends in order, its life is written off, and that is the end': [
    { at: 10, fact: life('a') },
    { at: 20, fact: deadline('a', 1_800) },
    { at: 30, fact: stop, does: ['tell-stop'], phase: 'living' },
    { at: 400, fact: exited(0), does: ['clear'] },
    { at: 410, fact: { kind: 'cleared' }, does: ['fence a: its worker ended with status 0'] },
    { at: 420, fact: { kind: 'fenced' }, phase: 'over 0' },
  ],
  'the same signal twice within a second is one; a later one kills': [
    { at: 10, fact: life('a') },
    { at: 30, fact: stop, does: ['tell-stop'] },
    { at: 900, fact: stop, phase: 'living' },
    { at: 1_100, fact: stop, does: ['kill'], phase: 'killing' },
    { at: 1_110, fact: exited(137), does: ['clear'] },
    { at: 1_120, fact: { kind: 'cleared' }, does: ['fence a: it was told twice to stop'] },
    { at: 2_120, fact: time, phase: 'over 137' },
  ],
  'a worker that hangs while it stops is killed at its deadline': [
    { at: 10, fact: life('a') },
    { at: 20, fact: deadline('a', 1_800) },
    { at: 30, fact: stop, does: ['tell-stop'] },
    { at: 1_800, fact: time, does: ['remove-addresses', 'tell-overdue'] },
    { at: 2_100, fact: time, does: ['kill'] },
  ],
  'told to stop between two workers': [
    { at: 50, fact: exited(1), does: ['clear'] },
    { at: 60, fact: { kind: 'cleared' }, phase: 'backing-off' },
    { at: 60, fact: stop, phase: 'over 0' },
  ],
  'told to stop while a dead worker is cleared away': [
    { at: 10, fact: life('a') },
    { at: 50, fact: exited(1), does: ['clear'] },
    { at: 55, fact: stop, phase: 'clearing' },
    { at: 60, fact: { kind: 'cleared' }, does: ['fence a: its worker ended with status 1'] },
    { at: 70, fact: { kind: 'fenced' }, phase: 'over 1' },
  ],
  'a worker without a deadline that is silent for half a minute hangs': [
    { at: 10, fact: { kind: 'ping' } },
    { at: 30_009, fact: time, phase: 'starting' },
    { at: 30_010, fact: time, does: ['kill'], phase: 'killing' },
  ],
};

const playedFrom = (course: Course, { at, fact }: Chapter, now: number) => {
  const next = step(course, fact, at ?? now);
  const does = next.actions.map((action) =>
    action.do === 'fence' ? `fence ${action.lives.join()}: ${action.because}` : action.do,
  );
  const { phase } = next.course;
  return { course: next.course, does, phase: phase.name === 'over' ? `over ${phase.status}` : phase.name };
};

for (const [name, chapters] of Object.entries(stories))
  t.test(name, async (t) => {
    const first = begin(0);
    t.same(
      first.actions.map((action) => action.do),
      ['start'],
    );
    let { course } = first;
    let now = 0;
    for (const chapter of chapters) {
      now = chapter.at ?? now;
      const played = playedFrom(course, chapter, now);
      t.same(played.does, chapter.does ?? [], `at ${now}: ${JSON.stringify(chapter.fact)}`);
      if (chapter.phase !== undefined) t.equal(played.phase, chapter.phase, `at ${now}`);
      course = played.course;
    }
  });

t.test(
  'starts that keep failing wait longer and longer, at most 5 s; a minute of life is a new beginning',
  async (t) => {
    let { course } = begin(0);
    let now = 0;
    const play = (fact: Fact): void => {
      course = step(course, fact, now).course;
    };
    const wait = (): number => {
      play(exited(1));
      play({ kind: 'cleared' });
      const until = lookAgainAt(course) ?? 0;
      const waited = until - now;
      now = until;
      play(time);
      return waited;
    };
    const waits = Array.from({ length: 8 }, wait);
    t.same(waits, [0, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
    now += 60_000;
    t.equal(wait(), 0);
  },
);

t.test('there is always a next look, or something that will be told', async (t) => {
  const { course } = begin(0);
  t.equal(lookAgainAt(course), 30_000, 'it may hang while it starts');
  const living = step(course, life('a'), 5).course;
  t.equal(lookAgainAt(living), 30_005);
  t.equal(lookAgainAt(step(living, deadline('a', 1_800), 6).course), 1_800);
});
