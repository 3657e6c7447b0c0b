import type { Test } from 'tap';
import t from 'tap';
import { FakeClock } from '../support/fake-clock.js';
import { jobIs, noStrayRejections, StagedPort, submitJob } from '../support/queue.js';
import { startTestSpooler } from '../support/spooler.js';

const deviceUri = 'socket://192.0.2.1:9100';

const staged = async (t: Test) => {
  noStrayRejections(t);
  const port = new StagedPort();
  const clock = new FakeClock();
  const parts = await startTestSpooler(t, { clock, ports: { socket: port } });
  t.teardown(async () => {
    const stopped = parts.stop();
    await clock.advance(1_000);
    await stopped;
  });
  await parts.spooler.addPrinter({ name: 'demo', deviceUri });
  return { ...parts, port, clock };
};

const turns = async (): Promise<void> => {
  for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setTimeout(resolve, 1));
};

t.test('a held group accepts, lets the document being sent end, and starts no other until it is resumed', async (t) => {
  const { spooler, port } = await staged(t);
  const first = await submitJob(spooler, { printer: 'demo' });
  const attempt = await port.attempt(0);
  attempt.delivery.progress({ phase: 'waiting', written: 0, drained: 0, detail: '' });
  await attempt.begin();
  spooler.hold();
  const second = await submitJob(spooler, { printer: 'demo' });
  t.same(spooler.sending(), [`job ${first} on demo`]);
  attempt.end({});
  await jobIs(spooler.jobs, first, 'completed');
  await turns();
  t.equal(port.attempts.length, 1, 'the second one has not begun');
  t.same(spooler.sending(), []);
  spooler.resume();
  const next = await port.attempt(1);
  t.equal(next.delivery.job.id, second);
  await next.begin();
  next.end({});
  await jobIs(spooler.jobs, second, 'completed');
});

t.test('an attempt that has sent nothing yet is taken back when the group is held', async (t) => {
  const { spooler, port } = await staged(t);
  const id = await submitJob(spooler, { printer: 'demo' });
  const attempt = await port.attempt(0);
  spooler.hold();
  t.ok(attempt.delivery.signal.aborted);
  attempt.end({ result: 'canceled', evidence: 'not-started', bytes: 0 });
  await jobIs(spooler.jobs, id, 'pending');
  await turns();
  t.equal(port.attempts.length, 1);
  t.same(spooler.sending(), []);
});

t.test('an attempt that is being put on record when the group is held has been made: it is waited for', async (t) => {
  const { spooler, port } = await staged(t);
  const id = await submitJob(spooler, { printer: 'demo' });
  const attempt = await port.attempt(0);
  const begun = attempt.begin();
  spooler.hold();
  t.notOk(attempt.delivery.signal.aborted);
  t.same(spooler.sending(), [`job ${id} on demo`]);
  await begun;
  attempt.end({});
  t.match(await jobIs(spooler.jobs, id, 'completed'), { attemptCount: 1 });
});

t.test('what is cut off goes back to its place, and counts as no failure', async (t) => {
  const { spooler, port } = await staged(t);
  const id = await submitJob(spooler, { printer: 'demo' });
  const attempt = await port.attempt(0);
  await attempt.begin();
  spooler.hold();
  const over = spooler.cutOff();
  t.ok(attempt.delivery.signal.aborted);
  await over;
  t.same(spooler.sending(), [], 'it is over when nothing is sent any more');
  t.match(spooler.jobs.unfinished(id), { state: 'pending', failures: 0, attemptCount: 1 });
});
