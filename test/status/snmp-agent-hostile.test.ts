import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import * as fc from 'fast-check';
import t from 'tap';
import { ProtocolError } from '../../lib/errors.js';
import { element, integerElement, oidElement, tags } from '../../lib/protocols/snmp/ber.js';
import { decodeRequest } from '../../lib/protocols/snmp/message.js';
import { parseOid } from '../../lib/status/mib-view.js';
import { maxAnswerOctets, maxRepetitions } from '../../lib/status/snmp-answer.js';
import { requestsPerSecond } from '../../lib/status/snmp-agent.js';
import { mutations } from '../support/mutate.js';
import { get, openSession, printer, startAgent, walk, type TestAgent } from '../support/snmp-agent.js';

const seed = 20_261_122;

interface RequestParts {
  readonly tag: number;
  readonly names: readonly string[];
  readonly version?: number;
  readonly community?: string;
  readonly second?: number;
  readonly third?: number;
}

/** Any message, a wrong one too. */
const packet = ({ tag, names, version = 1, community = 'public', second = 0, third = 0 }: RequestParts): Buffer =>
  element(
    tags.sequence,
    integerElement(tags.integer, version),
    element(tags.octets, Buffer.from(community)),
    element(
      tag,
      integerElement(tags.integer, 77),
      integerElement(tags.integer, second),
      integerElement(tags.integer, third),
      element(
        tags.sequence,
        ...names.map((name) => element(tags.sequence, oidElement(parseOid(name)), element(tags.null))),
      ),
    ),
  );

const [getTag, getNextTag, getBulkTag] = [0xa0, 0xa1, 0xa5];
const manyPrinters = Array.from({ length: 500 }, (_, i) => printer(`printer-${i}`.padEnd(100, 'x')));

/** Bindings in an answer: it is read like a request, but for its tag. */
const bindingCount = (answer: Buffer | undefined): number => {
  const asRequest = Buffer.from(answer ?? []);
  asRequest[asRequest.indexOf('public') + 6] = getTag;
  return decodeRequest(asRequest).names.length;
};

t.test('no answer is longer than a frame, and get-bulk repeats no more than 20 times', async (t) => {
  const { agent } = await startAgent(t, manyPrinters);
  const ask = (parts: RequestParts): Buffer => {
    const answer = agent.answer(packet(parts), '127.0.0.1');
    if (!answer) throw new Error('no answer');
    t.ok(answer.length <= maxAnswerOctets, `${answer.length} octets`);
    return answer;
  };
  const short = '1.3.6.1.2.1.25.3.2.1.1';
  const long = '1.3.6.1.2.1.43.5.1.1.16';
  t.equal(bindingCount(ask({ tag: getBulkTag, names: [short], third: 2 ** 31 - 1 })), maxRepetitions);
  t.equal(bindingCount(ask({ tag: getBulkTag, names: [short], third: 7 })), 7);
  t.equal(bindingCount(ask({ tag: getBulkTag, names: [long], third: 50 })), 12, 'as many as fit');
  t.equal(bindingCount(ask({ tag: getBulkTag, names: [short, short, short], second: 2, third: 3 })), 5);
  t.equal(bindingCount(ask({ tag: getBulkTag, names: [short], second: -5, third: 3 })), 3);
  t.equal(bindingCount(ask({ tag: getBulkTag, names: [short], third: -1 })), 0);
  t.equal(bindingCount(ask({ tag: getBulkTag, names: ['2.5'], third: 20 })), 1, 'the end is said once');
  t.equal(bindingCount(ask({ tag: getBulkTag, names: Array(60).fill(long), third: 20 })), 12);
  t.equal(bindingCount(ask({ tag: getNextTag, names: Array(60).fill(long) })), 0, 'too big: without bindings');
  t.equal(bindingCount(ask({ tag: getTag, version: 0, names: Array(60).fill(`${long}.1`) })), 60, 'too big in SNMPv1');
});

t.test('the most laborious get-bulk takes no more than 20 ms', async (t) => {
  const { agent } = await startAgent(t, manyPrinters);
  const worst = packet({ tag: getBulkTag, names: Array(120).fill('1.3.5'), third: 2 ** 31 - 1 });
  agent.answer(worst, '127.0.0.1');
  const start = performance.now();
  for (let i = 0; i < 20; i += 1) agent.answer(worst, '127.0.0.1');
  t.ok((performance.now() - start) / 20 < 20, `${(performance.now() - start) / 20} ms each`);
});

t.test('who may not ask gets no answer at all', async (t) => {
  const { agent } = await startAgent(t, [printer('front')], { allowFrom: ['192.0.2.0/24', '2001:db8::/32'] });
  const fine = packet({ tag: getTag, names: ['1.3.6.1.2.1.1.5.0'] });
  const cases: readonly [string, Buffer, string, boolean][] = [
    ['allowed', fine, '192.0.2.7', true],
    ['allowed, IPv6', fine, '2001:db8::9', true],
    ['allowed, IPv6 with a zone', fine, '2001:db8::9%eth0', true],
    ['another network', fine, '192.0.3.7', false],
    ['the loopback address, which is not in the list', fine, '127.0.0.1', false],
    ['no address', fine, 'localhost', false],
    ['another community', packet({ tag: getTag, names: [], community: 'Public' }), '192.0.2.7', false],
    ['no community', packet({ tag: getTag, names: [], community: '' }), '192.0.2.7', false],
    ['a longer community', packet({ tag: getTag, names: [], community: 'public ' }), '192.0.2.7', false],
    ['another community, set', packet({ tag: 0xa3, names: [], community: 'private' }), '192.0.2.7', false],
    ['SNMPv3', packet({ tag: getTag, names: [], version: 3 }), '192.0.2.7', false],
    ['get-bulk in SNMPv1', packet({ tag: getBulkTag, names: [], version: 0 }), '192.0.2.7', false],
    ['an answer', packet({ tag: 0xa2, names: [] }), '192.0.2.7', false],
    ['a trap', packet({ tag: 0xa7, names: [] }), '192.0.2.7', false],
  ];
  for (const [name, bytes, source, answered] of cases) {
    t.equal(agent.answer(bytes, source) !== undefined, answered, name);
  }
  t.same(agent.counts, { answered: 3, refused: 7, limited: 0, malformed: 4 });
});

t.test('a source that asks too often is not answered for the rest of the second', async (t) => {
  const { agent, clock } = await startAgent(t, [printer('front')]);
  const fine = packet({ tag: getTag, names: ['1.3.6.1.2.1.1.5.0'] });
  const answers = (source: string) =>
    Array.from({ length: 3 * requestsPerSecond }, () => agent.answer(fine, source)).filter(Boolean).length;
  t.equal(answers('127.0.0.1'), requestsPerSecond);
  t.equal(answers('127.0.0.2'), requestsPerSecond, 'others do not suffer');
  await clock.advance(100);
  t.equal(answers('127.0.0.1'), requestsPerSecond / 10);
});

const corpus = [
  packet({ tag: getTag, names: ['1.3.6.1.2.1.25.3.5.1.1.1', '1.3.6.1.2.1.43.5.1.1.16.1'] }),
  packet({ tag: getTag, names: ['1.3.6.1.2.1.1.5.0'], version: 0 }),
  packet({ tag: getNextTag, names: ['1.3.6.1.2.1', '2.999.4294967295'] }),
  packet({ tag: getBulkTag, names: ['1.3.6.1.2.1.25', '1.3.6.1.2.1.43'], second: 1, third: 20 }),
  packet({ tag: 0xa3, names: ['1.3.6.1.2.1.43.5.1.1.3.1'] }),
  packet({ tag: getTag, names: Array(40).fill('1.3.6.1.2.1.1.1.0') }),
  Buffer.from('303e020103301102042a02010402050500', 'hex'),
];

const stillAnswers = async (t: Parameters<typeof openSession>[0], { port, clock }: TestAgent): Promise<void> => {
  await clock.advance(1_000);
  t.match(await get(openSession(t, { port }), '1.3.6.1.2.1.1.5.0'), [{ value: Buffer.from('sales') }]);
};

t.test('100,000 damaged packets are survived', async (t) => {
  const running = await startAgent(t, manyPrinters);
  const { agent } = running;
  let longest = 0;
  let count = 0;
  for (const damaged of mutations(corpus, { seed, count: 100_000, longest: 2_000 })) {
    // From ever other sources: none is turned away for its rate.
    count += 1;
    const source = `127.1.${(count >> 8) & 0xff}.${count & 0xff}`;
    try {
      decodeRequest(Buffer.from(damaged));
    } catch (error) {
      if (!(error instanceof ProtocolError))
        t.fail(`seed ${seed}: ${String(error)} for ${Buffer.from(damaged).toString('hex')}`);
    }
    longest = Math.max(longest, agent.answer(Buffer.from(damaged), source)?.length ?? 0);
  }
  const { answered, refused, limited, malformed } = agent.counts;
  t.comment(`seed ${seed}: ${JSON.stringify(agent.counts)}`);
  t.ok(longest <= maxAnswerOctets, `seed ${seed}: an answer of ${longest} octets`);
  t.ok(
    answered > 1_000 && refused > 1_000 && malformed > 10_000 && limited === 0,
    `seed ${seed}: all paths were taken`,
  );
  await stillAnswers(t, running);
});

t.test('any octets are survived', async (t) => {
  const running = await startAgent(t, [printer('front')]);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1_600, size: 'max' }), (bytes) => {
      running.agent.answer(Buffer.from(bytes), '127.0.0.1');
    }),
    { numRuns: 2_000, seed },
  );
  await stillAnswers(t, running);
});

t.test('2,000 damaged packets over UDP are survived', async (t) => {
  const running = await startAgent(t, [printer('front')]);
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.teardown(() => socket.close());
  for (const damaged of mutations(corpus, { seed, count: 2_000, longest: 9_000 })) {
    await new Promise((resolve) => socket.send(damaged, running.port, '127.0.0.1', resolve));
  }
  await stillAnswers(t, running);
  t.equal((await walk(openSession(t, running), '1.3.6.1.2.1')).size, 7 + 22);
});
