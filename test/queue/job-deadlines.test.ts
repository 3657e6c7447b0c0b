import type { Test } from 'tap';
import t from 'tap';
import { FakeClock } from '../support/fake-clock.js';
import { jobIs, jobUntil, noStrayRejections, openJob, sendDocument, submitJob } from '../support/queue.js';
import { startTestSpooler } from '../support/spooler.js';

const start = async (t: Test) => {
  noStrayRejections(t);
  const clock = new FakeClock();
  const parts = await startTestSpooler(t, { clock, limits: { multipleOperationTimeoutMs: 60_000 } });
  await parts.spooler.addPrinter({ name: 'demo', deviceUri: 'socket://192.0.2.1' });
  return { ...parts, clock };
};

t.test('an open job without a document is aborted when none comes', async (t) => {
  const { spooler, clock } = await start(t);
  const id = await openJob(spooler, 'demo');
  await clock.advance(59_000);
  t.match(await spooler.jobs.find(id), { state: 'pending', openUntil: Number });
  await clock.advance(2_000);
  t.match(await jobIs(spooler.jobs, id, 'aborted'), { message: /no document came/ });
});

t.test('an open job with documents is printed when no more come; each one gives it time', async (t) => {
  const { spooler, clock, port } = await start(t);
  const id = await openJob(spooler, 'demo');
  await clock.advance(50_000);
  await sendDocument(spooler, id, { content: 'one', last: false });
  await clock.advance(50_000);
  await sendDocument(spooler, id, { content: 'two', last: false });
  await clock.advance(59_000);
  t.same(port.deliveries, []);
  await clock.advance(2_000);
  await jobIs(spooler.jobs, id, 'completed');
  t.same(port.deliveries[0]?.documents.map(String), ['one', 'two']);
});

t.test('no time runs while a document is coming in', async (t) => {
  const { spooler, clock } = await start(t);
  const id = await openJob(spooler, 'demo');
  const number = spooler.uploads.begin(spooler.jobs.unfinished(id)!);
  t.equal(number, 1);
  t.equal(spooler.uploads.begin(spooler.jobs.unfinished(id)!), undefined, 'one at a time');
  await clock.advance(600_000);
  t.match(spooler.jobs.unfinished(id), { openUntil: Number });
  spooler.uploads.end(id);
  await clock.advance(2_000);
  await jobIs(spooler.jobs, id, 'aborted');
});

t.test('a job held until a time is released then, and a closed one without a document is aborted', async (t) => {
  const { spooler, clock } = await start(t);
  const held = await submitJob(spooler, { printer: 'demo', holdUntil: '00:01' });
  const forEver = await submitJob(spooler, { printer: 'demo', holdUntil: 'indefinite' });
  t.match(spooler.jobs.unfinished(held), { hold: { endsAt: clock.wall() + 60_000 } });
  await clock.advance(59_000);
  t.match(spooler.jobs.unfinished(held), { state: 'pending-held' });
  await clock.advance(2_000);
  await jobUntil(spooler.jobs, held, ({ state }) => state === 'completed');
  await clock.advance(86_400_000 / 24);
  t.match(spooler.jobs.unfinished(forEver), { state: 'pending-held' });
  t.match(await spooler.uploads.close(await openJob(spooler, 'demo')), { state: 'aborted' });
});
