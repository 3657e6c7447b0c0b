import t from 'tap';
import { startTestSpooler } from './spooler.js';

t.test('a job goes through the test spooler to its scripted port', async (t) => {
  const { spooler, port, tenure } = await startTestSpooler(t);
  await spooler.addPrinter({ name: 'demo', deviceUri: 'socket://127.0.0.1' });
  t.equal(tenure.epoch, 1);
  const finished = new Promise<void>((resolve) => {
    spooler.jobs.onChange((job) => {
      if (job.state === 'completed') resolve();
    });
  });
  const id = await spooler.uploads.takeJobId();
  const source = (async function* () {
    yield Buffer.from('hello');
  })();
  const document = await spooler.uploads.receive({ job: id, number: 1 }, source, { format: 'text/plain' });
  const origin = { protocol: 'rest', address: '127.0.0.1' } as const;
  await spooler.uploads.submit(
    id,
    { printer: 'demo', name: 'x', user: 'y', origin },
    { documents: [document], open: false },
  );
  await finished;
  t.equal(port.deliveries[0]?.documents[0]?.toString(), 'hello');
});
