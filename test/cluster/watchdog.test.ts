// What the worker tells its supervisor, and how it notices that nobody listens.

import t from 'tap';
import { PipeWatchdog, type SupervisorMessage, type WorkerMessage } from '../../lib/cluster/watchdog.js';
import { FakeClock, settle } from '../support/fake-clock.js';

/** The machine has run for so long when this process starts. */
const startedAt = 50_000;

const lab = () => {
  const clock = new FakeClock();
  const sent: WorkerMessage[] = [];
  const reasons: string[] = [];
  let hear: (message: SupervisorMessage) => void = () => {};
  let answers = true;
  const watchdog = new PipeWatchdog({
    clock,
    machineTime: () => startedAt + clock.monotonic(),
    pipe: {
      send: (message) => {
        sent.push(message);
        if (message.tell === 'ping' && answers) hear({ tell: 'pong', number: message.number });
      },
      onMessage: (listener) => {
        hear = listener;
      },
    },
  });
  watchdog.onSilence((because) => reasons.push(because));
  return {
    clock,
    watchdog,
    reasons,
    hear: (message: SupervisorMessage) => hear(message),
    setAnswers: (on: boolean) => {
      answers = on;
    },
    pings: () => sent.filter((message) => message.tell === 'ping').map(({ number }) => number),
    told: () => sent.filter(({ tell }) => tell !== 'ping'),
  };
};

t.test('lives, deadlines and ends are told in order; deadlines in the time of the machine', async (t) => {
  const { watchdog, told, clock } = lab();
  watchdog.tellLife('a');
  await clock.advance(100);
  watchdog.tellDeadline({ deadline: 1_900, sentAt: 100 });
  watchdog.tellEnded();
  watchdog.tellLife('b');
  t.same(told(), [
    { tell: 'life', incarnation: 'a' },
    { tell: 'deadline', incarnation: 'a', deadline: startedAt + 1_900, sentAt: startedAt + 100 },
    { tell: 'ended', incarnation: 'a' },
    { tell: 'life', incarnation: 'b' },
  ]);
});

t.test('between two lives there is no deadline and no end to be told', async (t) => {
  const { watchdog, told } = lab();
  watchdog.tellDeadline({ deadline: 1_900, sentAt: 100 });
  watchdog.tellEnded();
  t.same(told(), []);
});

t.test('a supervisor that answers is asked four times a second, and is not silent', async (t) => {
  const { clock, pings, reasons, watchdog } = lab();
  await clock.advance(10_000);
  t.equal(pings().length, 41);
  t.same(reasons, []);
  await watchdog.answered();
});

t.test('a second without an answer is silence, told once; a new life waits for an answer', async (t) => {
  const { clock, pings, reasons, watchdog, setAnswers, hear } = lab();
  await clock.advance(1_000);
  setAnswers(false);
  await clock.advance(1_200);
  t.same(reasons, []);
  await clock.advance(50);
  t.same(reasons, ['the supervisor does not answer']);
  let isAnswered = false;
  const answered = watchdog.answered().finally(() => {
    isAnswered = true;
  });
  await clock.advance(60_000);
  t.same(reasons, ['the supervisor does not answer']);
  t.notOk(isAnswered);
  const unanswered = pings().length - 5;
  t.equal(unanswered, 8, 'its pipe is not filled');
  setAnswers(true);
  hear({ tell: 'pong', number: pings().at(-1)! });
  await answered;
  await clock.advance(5_000);
  t.same(reasons, ['the supervisor does not answer']);
  setAnswers(false);
  await clock.advance(1_500);
  t.equal(reasons.length, 2, 'the next silence is told too');
});

t.test('answers to old questions that come late are not yet an answer', async (t) => {
  const { clock, watchdog, setAnswers, hear, pings } = lab();
  setAnswers(false);
  await clock.advance(60_000);
  let isAnswered = false;
  const answered = watchdog.answered().finally(() => {
    isAnswered = true;
  });
  hear({ tell: 'pong', number: 2 });
  await settle();
  t.notOk(isAnswered);
  hear({ tell: 'pong', number: pings().at(-1)! });
  await answered;
});

t.test('a process that stood still hears what lies in the pipe before it judges', async (t) => {
  const { clock, reasons, hear, setAnswers, pings } = lab();
  setAnswers(false);
  await clock.advance(900);
  // The timer fires late, with the answers behind it.
  setImmediate(() => hear({ tell: 'pong', number: pings().at(-1)! }));
  await clock.advance(200);
  t.same(reasons, []);
});

t.test('a life whose deadline the supervisor saw pass must end; one that is over already, not again', async (t) => {
  const { watchdog, hear, reasons } = lab();
  watchdog.tellLife('a');
  hear({ tell: 'overdue', incarnation: 'a' });
  t.same(reasons, ['the supervisor saw my deadline pass']);
  watchdog.tellEnded();
  watchdog.tellLife('b');
  hear({ tell: 'overdue', incarnation: 'a' });
  t.equal(reasons.length, 1);
});

t.test('closed, it asks and says nothing any more, and lets go whoever waits', async (t) => {
  const { clock, watchdog, setAnswers, pings, reasons } = lab();
  setAnswers(false);
  await clock.advance(1_300);
  const answered = watchdog.answered();
  watchdog.close();
  await answered;
  const asked = pings().length;
  await clock.advance(5_000);
  t.equal(pings().length, asked);
  t.equal(reasons.length, 1);
  t.equal(clock.pending, 0);
});
