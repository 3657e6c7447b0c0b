import { readdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as fc from 'fast-check';
import type { Test } from 'tap';
import t from 'tap';
import type { JobRecord } from '../../lib/model/job.js';
import { isFinished } from '../../lib/model/job.js';
import type { Outcome } from '../../lib/model/outcome.js';
import type { Delivery, Port, PortTarget } from '../../lib/ports/port.js';
import { keys } from '../../lib/store/keys.js';
import { jobIs, noStrayRejections, openJob, submitJob } from '../support/queue.js';
import { ScriptedPort } from '../support/scripted-port.js';
import { startTestSpooler, type TestSpooler, type TestSpoolerOptions } from '../support/spooler.js';
import { temporaryDirectory } from '../support/temporary.js';

const start = async (t: Test, options: TestSpoolerOptions = {}): Promise<TestSpooler> => {
  noStrayRejections(t);
  return startTestSpooler(t, options);
};

/** So large that it is a file of its own. */
const large = 'x'.repeat(70_000);

const documentFile = async (directory: string, job: number): Promise<string> => {
  const files = await readdir(path.join(directory, 'documents'), { recursive: true });
  const file = files.find((name) => path.basename(name).startsWith(`${job}.1.`));
  if (file === undefined) throw new Error(`no document of job ${job}`);
  return path.join(directory, 'documents', file);
};

/** A directory in which three jobs wait, the first of them in the middle of its first attempt when everything stopped dead. */
const crashed = async (t: Test, options: TestSpoolerOptions = {}) => {
  const directory = await temporaryDirectory(t);
  const before = await start(t, { directory, ...options });
  await before.spooler.addPrinter({ name: 'demo', deviceUri: 'socket://192.0.2.1' });
  before.port.close();
  const jobs = [];
  for (let n = 0; n < 3; n += 1) jobs.push(await submitJob(before.spooler, { printer: 'demo', content: large }));
  await before.port.arrival();
  await before.crash();
  return { directory, jobs, deliveredBefore: before.port.deliveries };
};

/** Starts with a port that lets no attempt end. */
const startClosed = async (t: Test, directory: string) => {
  const port = new ScriptedPort();
  port.close();
  return { ...(await start(t, { directory, ports: { socket: port } })), port };
};

t.test(
  'after a crash the interrupted job is sent again, whole, first and under its id; ids and epochs go on',
  async (t) => {
    const { directory, jobs } = await crashed(t);
    const { spooler, port, tenure } = await start(t, { directory });
    const last = await submitJob(spooler, { printer: 'demo' });
    await jobIs(spooler.jobs, last, 'completed');
    t.equal(tenure.epoch, 2);
    t.same(
      port.deliveries.map(({ job }) => job.id),
      [...jobs, last],
    );
    t.notOk(jobs.includes(last));
    t.match(await spooler.jobs.find(jobs[0]!), {
      state: 'completed',
      attemptCount: 2,
      attempts: [
        { epoch: 1, result: 'interrupted', evidence: 'partial', ended: Number },
        { epoch: 2, result: 'delivered' },
      ],
    });
    t.match(await spooler.jobs.find(jobs[1]!), { attemptCount: 1 });
  },
);

t.test('where the policy says so, the interrupted job is held instead, and the others go on', async (t) => {
  const printerDefaults = { interrupted: 'hold', maxAttempts: 3 } as const;
  const { directory, jobs } = await crashed(t, { printerDefaults });
  const { spooler, port } = await start(t, { directory, printerDefaults });
  await jobIs(spooler.jobs, jobs[2]!, 'completed');
  t.match(spooler.jobs.unfinished(jobs[0]!), { state: 'pending-held', hold: { by: 'interrupted' } });
  t.same(
    port.deliveries.map(({ job }) => job.id),
    jobs.slice(1),
  );
  await spooler.control.release(jobs[0]!);
  await jobIs(spooler.jobs, jobs[0]!, 'completed');
});

t.test('a job that takes the node down every time is held in the end, and the next one is printed', async (t) => {
  const { directory, jobs } = await crashed(t);
  for (let crashes = 1; crashes < 3; crashes += 1) {
    const life = await startClosed(t, directory);
    await life.port.arrival();
    t.match(life.spooler.jobs.unfinished(jobs[0]!), { state: 'processing', failures: crashes });
    await life.crash();
  }
  const { spooler } = await start(t, { directory });
  await jobIs(spooler.jobs, jobs[2]!, 'completed');
  t.match(spooler.jobs.unfinished(jobs[0]!), { state: 'pending-held', hold: { by: 'attempts' }, failures: 3 });
});

for (const [name, spoil, text] of [
  ['missing', (file: string) => rename(file, `${file}.away`), /missing/],
  ['damaged', (file: string) => writeFile(file, 'something else'), /damaged/],
  ['the same length and yet damaged', (file: string) => writeFile(file, large.replace('x', 'y')), /SHA-256/],
] as const)
  t.test(`a document found ${name} holds its job only, is told, and prints when it is back`, async (t) => {
    const { directory, jobs } = await crashed(t);
    const id = jobs[1]!;
    const file = await documentFile(directory, id);
    const aside = path.join(directory, 'aside');
    await rename(file, aside);
    await writeFile(file, large);
    await spoil(file);
    const { spooler, port, events } = await start(t, { directory });
    await jobIs(spooler.jobs, jobs[2]!, 'completed');
    t.match(spooler.jobs.unfinished(id), {
      state: 'pending-held',
      hold: { by: 'document' },
      message: text,
      attempts: [],
    });
    t.same(
      port.deliveries.map(({ job }) => job.id),
      [jobs[0], jobs[2]],
    );
    await events.settled();
    t.match(
      (await events.recent(20)).find(({ code }) => code === 'document-damaged'),
      { job: id, printer: 'demo' },
    );
    await spooler.control.release(id);
    await jobIs(spooler.jobs, id, 'pending-held');
    await rename(aside, file);
    await spooler.control.release(id);
    await jobIs(spooler.jobs, id, 'completed');
    t.equal(port.deliveries.at(-1)?.documents[0]?.toString(), large);
  });

t.test('what was held, open or finished is so after a restart', async (t) => {
  const directory = await temporaryDirectory(t);
  const before = await start(t, { directory });
  await before.spooler.addPrinter({ name: 'demo', deviceUri: 'socket://192.0.2.1' });
  const done = await submitJob(before.spooler, { printer: 'demo' });
  await jobIs(before.spooler.jobs, done, 'completed');
  const held = await submitJob(before.spooler, { printer: 'demo', holdUntil: 'indefinite' });
  const open = await openJob(before.spooler, 'demo');
  await before.stop();
  const { spooler, port } = await start(t, { directory });
  t.match(await spooler.jobs.find(done), { state: 'completed' });
  t.match(await spooler.jobs.find(held), { state: 'pending-held', hold: { until: 'indefinite' } });
  t.match(await spooler.jobs.find(open), { state: 'pending', openUntil: Number });
  t.equal(await spooler.uploads.takeJobId(), open + 1, 'an orderly stop leaves no gap');
  t.same(port.deliveries, []);
});

t.test('restart prints a finished job again, at the end of the queue, held if so wished', async (t) => {
  const { spooler, port } = await start(t);
  await spooler.addPrinter({ name: 'demo', deviceUri: 'socket://192.0.2.1' });
  const id = await submitJob(spooler, { printer: 'demo' });
  await jobIs(spooler.jobs, id, 'completed');
  t.match(await spooler.control.restart(id, 'indefinite'), { state: 'pending-held', id });
  await t.rejects(spooler.control.restart(id), { code: 'job-not-possible' });
  await spooler.control.release(id);
  await jobIs(spooler.jobs, id, 'completed');
  t.equal(port.deliveries.length, 2);
  await t.rejects(spooler.control.restart(4_711), { code: 'job-not-found' });
});

t.test('purge cancels what waits before what is sent, and forgets what is finished with its documents', async (t) => {
  const { spooler, port, directory } = await start(t);
  await spooler.addPrinter({ name: 'demo', deviceUri: 'socket://192.0.2.1' });
  await spooler.addPrinter({ name: 'other', deviceUri: 'socket://192.0.2.2', paused: true });
  const kept = await submitJob(spooler, { printer: 'other', content: large });
  port.close();
  for (let n = 0; n < 150; n += 1) await submitJob(spooler, { printer: 'demo', content: large });
  await port.arrival();
  await spooler.control.purge('demo');
  t.same(
    [...spooler.jobs.allUnfinished()].map(({ id }) => id),
    [kept],
  );
  t.same(port.deliveries, [], 'no further job was begun');
  for await (const page of spooler.jobs.finished()) t.same(page, []);
  const files = (await readdir(path.join(directory, 'documents'), { recursive: true })).filter((name) =>
    /\d\.1\./.test(name),
  );
  t.equal(files.length, 1);
});

// A model of the whole: what clients were told, what went to devices, and what must never be.

/** Ends each attempt as the test's list says, after it has begun or before; a crash finds attempts in the middle. */
class PlayedPort implements Port {
  readonly begun: number[] = [];
  readonly broken: string[] = [];
  readonly #busy = new Map<string, number>();
  readonly #completed: ReadonlySet<number>;
  readonly #outcomes: Outcome['result'][];
  #halted = false;

  constructor(completed: ReadonlySet<number>, outcomes: Outcome['result'][]) {
    this.#completed = completed;
    this.#outcomes = outcomes;
  }

  halt(): void {
    this.#halted = true;
  }

  async print({ uri }: PortTarget, delivery: Delivery): Promise<Outcome> {
    const { id } = delivery.job;
    const busy = this.#busy.get(uri.host);
    if (busy !== undefined) this.broken.push(`jobs ${busy} and ${id} on ${uri.host} at once`);
    this.#busy.set(uri.host, id);
    try {
      const result = this.#outcomes.shift() ?? 'delivered';
      const early = result === 'unreachable' || result === 'busy' || result === 'needs-attention';
      if (early) return { result, evidence: 'not-started', detail: result, bytes: 0 };
      await delivery.begin({ sourcePort: 1 });
      this.begun.push(id);
      if (this.#completed.has(id)) this.broken.push(`job ${id} was begun after its completion was on record`);
      delivery.progress({ phase: 'sending', written: 0, drained: 0, detail: '' });
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#halted && !delivery.signal.aborted)
        await new Promise<void>((resolve) => delivery.signal.addEventListener('abort', () => resolve()));
      if (delivery.signal.aborted) return { result: 'canceled', evidence: 'partial', detail: '', bytes: 0 };
      return { result, evidence: 'partial', detail: result, bytes: 1 };
    } finally {
      this.#busy.delete(uri.host);
    }
  }
}

type Step =
  | { readonly do: 'submit'; readonly printer: string; readonly priority: number }
  | { readonly do: 'hold' | 'release' | 'cancel' | 'restart'; readonly nth: number }
  | { readonly do: 'pause' | 'cut-off' | 'resume'; readonly printer: string }
  | { readonly do: 'crash' | 'stop' | 'wait' };

const printers = ['a', 'b', 'c'] as const;
const printer = fc.constantFrom(...printers);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('submit' as const), printer, priority: fc.constantFrom(50, 50, 80) }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('hold', 'release', 'cancel', 'restart'), nth: fc.nat(20) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('pause', 'cut-off', 'resume'), printer }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('crash', 'stop', 'wait', 'wait') }) },
);
const result = fc.constantFrom<Outcome['result']>(
  'delivered',
  'delivered',
  'delivered',
  'interrupted',
  'rejected',
  'unreachable',
  'busy',
  'needs-attention',
  'auth-required',
);

/** Plays the steps; returns what went wrong. */
const play = async (t: Test, steps: readonly Step[], outcomes: Outcome['result'][]): Promise<string[]> => {
  const closers: (() => Promise<unknown>)[] = [];
  const scope = { teardown: (action: () => Promise<unknown>) => closers.push(action) };
  const directory = await temporaryDirectory(t);
  const completed = new Set<number>();
  const acknowledged: number[] = [];
  const placed = new Map<number, JobRecord>();
  const disturbedJobs = new Set<number>();
  const firstBegun: number[] = [];
  const wrong: string[] = [];
  let life: TestSpooler;
  let port: PlayedPort;
  const begin = async (): Promise<void> => {
    port = new PlayedPort(completed, outcomes);
    life = await startTestSpooler(scope, { directory, ports: { socket: port } });
    life.spooler.jobs.onChange((job, before) => {
      if (job.state === 'completed') completed.add(job.id);
      else completed.delete(job.id);
      if (job.state === 'processing' && job.attemptCount === 1 && before?.attemptCount === 0) firstBegun.push(job.id);
    });
    for (const [index, name] of printers.entries())
      if (life.spooler.printers.get(name) === undefined)
        await life.spooler.addPrinter({
          name,
          deviceUri: `socket://192.0.2.${index === 2 ? 1 : index + 1}:${9_100 + index}`,
        });
  };
  const end = async (how: 'crash' | 'stop'): Promise<void> => {
    if (how === 'crash') port.halt();
    await (how === 'crash' ? life.crash() : life.stop());
    wrong.push(...port.broken);
  };
  const refusable = async (action: Promise<unknown>): Promise<void> => {
    await action.catch((error: { code?: string }) => {
      if (error.code !== 'job-not-possible' && error.code !== 'job-not-found') throw error;
    });
  };
  await begin();
  for (const step of steps) {
    const { control, jobs } = life!.spooler;
    const nth = 'nth' in step ? acknowledged[step.nth % Math.max(1, acknowledged.length)] : undefined;
    if (nth !== undefined) disturbedJobs.add(nth);
    switch (step.do) {
      case 'submit': {
        const id = await submitJob(life!.spooler, step);
        acknowledged.push(id);
        const record = await jobs.find(id);
        if (record !== undefined) placed.set(id, record);
        break;
      }
      case 'hold':
      case 'release':
      case 'restart':
        if (nth !== undefined) await refusable(control[step.do](nth));
        break;
      case 'cancel':
        if (nth !== undefined) await refusable(control.cancel(nth, 'job-canceled-by-user'));
        break;
      case 'pause':
      case 'cut-off':
        await life!.spooler.pausePrinter(step.printer, { message: '', cutOff: step.do === 'cut-off' });
        break;
      case 'resume':
        await life!.spooler.resumePrinter(step.printer);
        break;
      case 'wait':
        await new Promise((resolve) => setTimeout(resolve, 3));
        break;
      case 'crash':
      case 'stop':
        await end(step.do);
        await begin();
        break;
      default:
        return step satisfies never;
    }
    for (const id of acknowledged)
      if ((await life!.spooler.jobs.find(id)) === undefined) wrong.push(`job ${id} is lost after ${step.do}`);
  }
  for (const record of life!.spooler.jobs.allUnfinished())
    if (isFinished(record.state)) wrong.push(`job ${record.id} is finished and unfinished`);
  await end('stop');
  for (const close of closers.reverse()) await close();
  // INV8: per printer and priority, first attempts in the order of acceptance, unless somebody interfered.
  const plain = firstBegun.map((id) => placed.get(id)).filter((job) => job !== undefined && !disturbedJobs.has(job.id));
  for (const [index, later] of plain.entries())
    for (const earlier of plain.slice(0, index))
      if (earlier!.printer === later!.printer && earlier!.priority === later!.priority && earlier!.id > later!.id)
        wrong.push(`job ${earlier!.id} had its first attempt before job ${later!.id}`);
  return wrong;
};

t.test('no job is lost, printed after its completion, out of order, or beside another one', async (t) => {
  noStrayRejections(t);
  let runs = 0;
  // On a slow disk fewer lives are lived, each to its end.
  const until = performance.now() + 10_000;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 40, size: 'max' }),
      fc.array(result, { maxLength: 40, size: 'max' }),
      async (steps, outcomes) => {
        if (performance.now() > until) return;
        const wrong = await play(t, steps, [...outcomes]);
        runs += 1;
        if (wrong.length > 0) throw new Error(wrong.join('\n'));
      },
    ),
    { numRuns: 40 },
  );
  t.comment(`${runs} lives`);
  t.ok(runs > 3);
});

t.test('a spooler that was stopped takes nothing any more, though its node still owns the group', async (t) => {
  const { spooler, store, spool, tenure } = await start(t);
  await spooler.addPrinter({ name: 'demo', deviceUri: 'socket://192.0.2.1', paused: true });
  const open = await openJob(spooler, 'demo');
  let goOn = (): void => {};
  const wait = new Promise<void>((resolve) => (goOn = resolve));
  async function* slow(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('slow');
    await wait;
  }
  const id = await spooler.uploads.takeJobId();
  const receiving = spooler.uploads.receive({ job: id, number: 1 }, slow(), { format: 'text/plain' });
  await spooler.stop(0);
  goOn();
  const document = await receiving;
  const draft = { printer: 'demo', name: '', user: '', origin: { protocol: 'rest', address: '' } } as const;
  // Its successor has read the unfinished jobs: it would never hear of this one.
  await t.rejects(spooler.uploads.submit(id, draft, { documents: [document], open: false }), { code: 'not-owner' });
  await t.rejects(spooler.control.hold(open, 'indefinite'), { code: 'not-owner' });
  t.ok(tenure.holds());
  t.equal(await store.get(keys.job('print', id)), undefined);
  t.equal(spool.usage().documents, 0);
});
