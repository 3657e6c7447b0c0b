import { createServer, type AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { LprPort } from '../../lib/ports/lpr-port.js';
import { delivery, document, octets, print } from '../support/delivery.js';
import { FakeClock } from '../support/fake-clock.js';
import { startLpdPeer, type Step } from '../support/lpd-peer.js';

const setUp = async (t: Test, steps: Readonly<Record<number, Step>> = {}) => {
  const peer = await startLpdPeer(steps);
  t.teardown(() => peer.close());
  const clock = new FakeClock();
  return { peer, clock, port: new LprPort({ clock }), uri: `lpd://127.0.0.1:${peer.port}/lp` };
};

const letter = 'ABC'.repeat(1000);
const control = (host: string, lines: string): string => `H${host}\nPalice\nJletter.txt\n${lines}`;

t.test('one document, control file first', async (t) => {
  const { peer, port, uri } = await setUp(t);
  const job = delivery([document(letter, { name: 'a.txt' })]);
  t.strictSame(await print(port, uri, job), {
    result: 'delivered',
    evidence: 'confirmed',
    detail: 'the printer acknowledged the job',
    bytes: 3000,
  });
  t.equal(peer.command, '\x02lp');
  t.strictSame(
    peer.files.map(({ header, content }) => [header, content.toString()]),
    [
      [
        '\x0295 cfA007print.example.org',
        control('print.example.org', 'ldfA007print.example.org\nNa.txt\nUdfA007print.example.org\n'),
      ],
      ['\x033000 dfA007print.example.org', letter],
    ],
  );
  t.strictSame(job.begun, [peer.remotePort]);
  t.match(job.reports.at(-1), { phase: 'confirming', written: 3000 });
  t.equal(await peer.ended, 'closed');
});

t.test('several documents and copies are one LPD job; each document travels once', async (t) => {
  const { peer, port, uri } = await setUp(t);
  const documents = [document('one', { name: 'o' }), document('', { name: 'empty' }), document('two', { name: 't' })];
  const outcome = await print(port, uri, delivery(documents, { copies: 2 }), { lpdOrder: 'data-first' });
  t.match(outcome, { result: 'delivered', bytes: 6 });
  const host = 'print.example.org';
  const lines = `ldfA007${host}\nNo\nldfB007${host}\nNt\nldfA007${host}\nldfB007${host}\nUdfA007${host}\nUdfB007${host}\n`;
  t.strictSame(
    peer.files.map(({ header, content }) => [header.replace(/^.\d+ /, ''), content.toString()]),
    [
      [`dfA007${host}`, 'one'],
      [`dfB007${host}`, 'two'],
      [`cfA007${host}`, control(host, lines)],
    ],
  );
});

t.test('every octet arrives as it was', async (t) => {
  const { peer, port, uri } = await setUp(t);
  const content = octets(3_000_000);
  t.match(await print(port, uri, delivery([document(content)])), { result: 'delivered', bytes: content.length });
  t.ok(peer.files[1]?.content.equals(content));
});

t.test('a job of empty documents is done without a connection', async (t) => {
  const job = delivery([document('')]);
  const outcome = await print(new LprPort({ clock: new FakeClock() }), 'lpd://127.0.0.1:1/lp', job);
  t.match(outcome, { result: 'delivered', bytes: 0 });
  t.strictSame(job.begun, [0]);
});

const endings: readonly {
  name: string;
  steps: Readonly<Record<number, Step>>;
  outcome: object;
  begun: number;
  order?: 'data-first';
}[] = [
  {
    name: 'a queue that is refused is busy, and the attempt was never begun',
    steps: { 0: { say: '\x01' } },
    outcome: { result: 'busy', evidence: 'not-started', detail: 'the printer refused queue lp with octet 1', bytes: 0 },
    begun: 0,
  },
  {
    name: 'what the printer says beside the refusal is shown, without its control characters',
    steps: { 0: { say: 'no \x1b[1msuch\r\nqueue' } },
    outcome: { result: 'busy', detail: 'the printer refused queue lp with octet 110: no [1msuchqueue' },
    begun: 0,
  },
  {
    name: 'a printer that closes at once is busy',
    steps: { 0: 'close' },
    outcome: { result: 'busy', evidence: 'not-started' },
    begun: 0,
  },
  {
    name: 'a printer that resets at once is busy',
    steps: { 0: 'reset' },
    outcome: { result: 'busy', evidence: 'not-started' },
    begun: 0,
  },
  {
    name: 'no room for the control file is busy',
    steps: { 1: { say: '\x02' } },
    outcome: { result: 'busy', evidence: 'not-started', detail: 'the printer refused the control file with octet 2' },
    begun: 1,
  },
  {
    name: 'no room for the data file is busy while none of it was sent',
    steps: { 3: { say: '\x02' } },
    outcome: { result: 'busy', evidence: 'not-started', detail: 'the printer refused document 1 with octet 2' },
    begun: 1,
  },
  {
    name: 'a data file refused after it was sent is rejected',
    steps: { 4: { say: '\x01' } },
    outcome: {
      result: 'rejected',
      evidence: 'partial',
      detail: 'the printer refused document 1 with octet 1',
      bytes: 3000,
    },
    begun: 1,
  },
  {
    name: 'a control file refused after the data is rejected',
    steps: { 4: { say: '\x01' } },
    order: 'data-first',
    outcome: { result: 'rejected', evidence: 'partial', detail: 'the printer refused the control file with octet 1' },
    begun: 1,
  },
  {
    name: 'a connection that is closed before the last acknowledgement is an interrupted attempt',
    steps: { 4: 'close' },
    outcome: {
      result: 'interrupted',
      evidence: 'partial',
      detail: 'the printer closed the connection before it acknowledged the job',
      bytes: 3000,
    },
    begun: 1,
  },
  {
    name: 'a connection that is reset before the last acknowledgement is an interrupted attempt',
    steps: { 4: 'reset' },
    outcome: { result: 'interrupted', evidence: 'partial', bytes: 3000 },
    begun: 1,
  },
];
for (const { name, steps, outcome, begun, order } of endings)
  t.test(name, async (t) => {
    const { port, uri } = await setUp(t, steps);
    const job = delivery([document(letter)]);
    t.match(await print(port, uri, job, order === undefined ? {} : { lpdOrder: order }), outcome);
    t.equal(job.begun.length, begun);
  });

t.test('a printer that does not answer to the queue is busy after a minute', async (t) => {
  const { peer, clock, port, uri } = await setUp(t, { 0: 'silence' });
  const job = delivery([document(letter)]);
  const printing = print(port, uri, job);
  await clock.advanceUntil(() => peer.command !== '' && job.saw('waiting'));
  await clock.advance(59_000);
  t.ok(job.saw('stalled'), 'the stall is shown meanwhile');
  await clock.advance(2_000);
  t.match(await printing, { result: 'busy', evidence: 'not-started' });
});

t.test('a printer out of paper may take its hours to acknowledge what it was sent', async (t) => {
  const { peer, clock, port, uri } = await setUp(t, { 4: 'silence' });
  const job = delivery([document(letter)]);
  const printing = print(port, uri, job);
  await clock.advanceUntil(() => peer.files.length === 2);
  await clock.advance(3 * 3_600_000);
  t.ok(job.saw('stalled'));
  peer.answer('\0');
  t.match(await printing, { result: 'delivered', evidence: 'confirmed' });
});

t.test('a refusal while we are sending ends the sending', async (t) => {
  const { peer, port, uri } = await setUp(t, {});
  const source = async function* () {
    yield octets(1000);
    peer.answer('\x01');
    for (;;) yield octets(65_536);
  };
  const outcome = await print(port, uri, delivery([document(source, { length: 10_000_000_000 })]));
  t.match(outcome, { result: 'rejected', evidence: 'partial' });
});

t.test('a cancel resets the connection', async (t) => {
  const { peer, port, uri } = await setUp(t, { 4: 'silence' });
  const job = delivery([document(letter)], {
    progress: ({ phase }) => {
      if (phase === 'confirming') setImmediate(() => job.abort.abort());
    },
  });
  t.match(await print(port, uri, job), { result: 'canceled', evidence: 'partial' });
  t.equal(await peer.ended, 'reset');
});

t.test('a cancel before anything was sent leaves nothing', async (t) => {
  const job = delivery([document(letter)]);
  job.abort.abort();
  const { port, uri } = await setUp(t);
  t.match(await print(port, uri, job), { result: 'canceled', evidence: 'not-started', bytes: 0 });
});

t.test('ownership that is lost stops the sending at the next chunk and resets the connection', async (t) => {
  const { peer, port, uri } = await setUp(t);
  const source = async function* () {
    yield octets(1000);
    job.owned = false;
    yield octets(1000);
  };
  const job = delivery([document(source, { length: 2000 })]);
  t.match(await print(port, uri, job), { result: 'lost-ownership', evidence: 'partial', bytes: 1000 });
  t.equal(await peer.ended, 'reset');
});

t.test('ownership is asked for while an acknowledgement is awaited', async (t) => {
  const { clock, port, uri } = await setUp(t, { 4: 'silence' });
  const job = delivery([document(letter)]);
  const printing = print(port, uri, job);
  await clock.advanceUntil(() => job.saw('confirming'));
  job.owned = false;
  await clock.advance(2_000);
  t.match(await printing, { result: 'lost-ownership', evidence: 'partial' });
});

t.test('what begin or a document throws comes out, and nothing is taken for a job', async (t) => {
  const failing = async function* (): AsyncGenerator<Uint8Array> {
    yield octets(10);
    throw new Error('the disk is gone');
  };
  const cases: [string, Parameters<typeof delivery>, string][] = [
    ['begin', [[document(letter)], { begin: async () => Promise.reject(new Error('no record')) }], 'no record'],
    ['a source', [[document(failing, { length: 20 })]], 'the disk is gone'],
    [
      'a source that is too short',
      [[document(() => document('abc').open(), { length: 4 })]],
      'document 1 is not as long as was announced',
    ],
    [
      'a source that is too long',
      [[document(() => document('abc').open(), { length: 2 })]],
      'document 1 is not as long as was announced',
    ],
  ];
  for (const [name, made, message] of cases) {
    const { peer, port, uri } = await setUp(t);
    await t.rejects(print(port, uri, delivery(...made)), { message }, name);
    await peer.ended;
    t.notOk(
      peer.files.some(({ header }) => header.startsWith('\x03')),
      `${name}: no data file`,
    );
  }
});

t.test('nobody listens: unreachable', async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: free } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const outcome = await print(
    new LprPort({ clock: new FakeClock() }),
    `lpd://127.0.0.1:${free}/lp`,
    delivery([document(letter)]),
  );
  t.match(outcome, { result: 'unreachable', evidence: 'not-started', detail: 'the printer refuses connections' });
});

t.test('the connection leaves from the address that it is bound to', async (t) => {
  const { port, uri } = await setUp(t);
  t.match(await print(port, uri, delivery([document(letter)]), { localAddress: '127.0.0.3' }), { result: 'delivered' });
});

t.test('reserved source ports', { skip: process.getuid?.() === 0 ? false : 'needs root' }, async (t) => {
  t.test('the first free one of 721 to 731 is used', async (t) => {
    const { peer, port, uri } = await setUp(t);
    const other = await setUp(t, { 0: 'silence' });
    const options = { lpdReservedPort: true, localAddress: '127.0.0.9' };
    const stuck = delivery([document(letter)]);
    const held = print(other.port, other.uri, stuck, options);
    await other.clock.advanceUntil(() => other.peer.command !== '');
    const job = delivery([document(letter)]);
    t.match(await print(port, uri, job, options), { result: 'delivered' });
    t.ok(other.peer.remotePort >= 721 && other.peer.remotePort <= 731);
    t.ok(peer.remotePort >= 721 && peer.remotePort <= 731);
    t.strictSame(job.begun, [peer.remotePort]);
    stuck.abort.abort();
    await held;
  });

  t.test('without the privilege the printer is unreachable, and the detail says why', async (t) => {
    const { port, uri } = await setUp(t);
    process.seteuid?.(65_534);
    t.teardown(() => process.seteuid?.(0));
    const outcome = await print(port, uri, delivery([document(letter)]), { lpdReservedPort: true });
    t.match(outcome, {
      result: 'unreachable',
      evidence: 'not-started',
      detail: /need the capability CAP_NET_BIND_SERVICE/,
    });
  });
});
