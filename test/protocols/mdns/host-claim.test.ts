// One host name on one link, by its messages and times. dns-packet's own codec is the other side.

import type { Answer, Packet, RecordType } from 'dns-packet';
import * as dnsPacket from 'dns-packet';
import * as fc from 'fast-check';
import t from 'tap';
import { readMessage, type Message } from '../../../lib/protocols/dns/message.js';
import { type ClaimOptions, HostClaim, type Peer, type Sending } from '../../../lib/protocols/mdns/host-claim.js';

const name = 'sales.local';
const host = { name, addresses: ['192.0.2.7', '2001:db8::7'] };
const peer: Peer = { address: '192.0.2.9', port: 5353 };

const claimOf = (options: Partial<ClaimOptions> = {}): HostClaim =>
  new HostClaim({ host, isNew: true, random: () => 0.5, now: 0, ...options });

/** One that has been in use for an hour. */
const established = (options: Partial<ClaimOptions> = {}): HostClaim => {
  const claim = claimOf({ isNew: false, now: -3_600_000, ...options });
  while (claim.due !== undefined) claim.tick(claim.due);
  return claim;
};

const decoded = (sendings: readonly Sending[]) =>
  sendings.map(({ octets, to }) => ({ ...dnsPacket.decode(octets), to }));
const read = (packet: Packet) => readMessage(dnsPacket.encode(packet));

/** The same question, if a unicast answer is welcome. */
const query = (type: string, more: Packet = {}, { unicast = false } = {}): Message => {
  const message = read({ type: 'query', questions: [{ name, type: type as RecordType }], ...more });
  const questions = message.questions.map((each) => ({ ...each, class: each.class | (unicast ? 0x8000 : 0) }));
  return { ...message, questions };
};
const response = (...answers: Answer[]) => read({ type: 'response', flags: dnsPacket.AUTHORITATIVE_ANSWER, answers });
const a = (data: string, more: { ttl?: number } = {}): Answer => ({
  name,
  type: 'A',
  class: 'IN',
  ttl: 120,
  data,
  ...more,
});
const aaaa = (data: string): Answer => ({ name, type: 'AAAA', class: 'IN', ttl: 120, data });

const dataOf = (answers: readonly Answer[] | undefined) =>
  (answers ?? []).map((each) => ('data' in each && each.type !== 'NSEC' ? each.data : each.type));

/** Every step until nothing is due. */
const steps = (claim: HostClaim, until = 10_000) => {
  const seen: [at: number, what: string][] = [];
  for (let due = claim.due; due !== undefined && due <= until; due = claim.due)
    for (const each of decoded(claim.tick(due))) seen.push([due, each.type === 'query' ? 'probe' : 'announcement']);
  return seen;
};

t.test('a new name is probed for three times, then announced twice', async (t) => {
  const claim = claimOf();
  t.strictSame(steps(claim), [
    [125, 'probe'],
    [375, 'probe'],
    [625, 'probe'],
    [875, 'announcement'],
    [1_875, 'announcement'],
  ]);
  t.equal(claim.state, 'established');
  t.equal(claim.due, undefined, 'nothing more is to be done');
});

t.test('a probe asks for everything and says what is proposed; an announcement drops what others say', async (t) => {
  const claim = claimOf();
  const [probe] = decoded(claim.tick(125));
  t.match(probe, { questions: [{ name, type: 'ANY', class: 'UNKNOWN_32769' }], to: undefined });
  t.same(dataOf(probe?.authorities), host.addresses);
  while (claim.state === 'probing') claim.tick(claim.due ?? 0);
  const [announced] = decoded(established().receive(query('A'), peer, 0));
  t.match(announced, { id: 0, flag_aa: true, questions: [] });
  t.match(announced?.answers, [
    { type: 'A', ttl: 120, flush: true, data: '192.0.2.7' },
    { type: 'AAAA', ttl: 120, flush: true, data: '2001:db8::7' },
  ]);
  t.match(announced?.additionals, [{ type: 'NSEC', data: { nextDomain: name, rrtypes: ['A', 'AAAA'] } }]);
});

t.test('a name that was ours already is announced at once', async (t) => {
  t.strictSame(steps(claimOf({ isNew: false, now: 50 })), [
    [50, 'announcement'],
    [1_050, 'announcement'],
  ]);
});

t.test('while it is probed for, any answer under the name is a conflict, and nothing is sent any more', async (t) => {
  const taken: [string, Answer][] = [
    ['another address', a('192.0.2.8')],
    ['a record of another type', { name, type: 'TXT', ttl: 10, data: 'x' }],
  ];
  for (const [what, answer] of taken) {
    const claim = claimOf();
    claim.tick(125);
    t.same(claim.receive(response(answer), peer, 130), []);
    t.match(claim, { state: 'conflict', contest: { at: 130 }, due: undefined }, what);
    t.same([...claim.tick(10_000), ...claim.receive(query('A'), peer, 10_000), ...claim.retire()], [], what);
  }
  const harmless: [string, Message, Peer][] = [
    ['our own records', response(a('192.0.2.7'), aaaa('2001:db8::7')), peer],
    ['a goodbye', response(a('192.0.2.8', { ttl: 0 })), peer],
    ['another name', response({ name: 'other.local', type: 'A', ttl: 9, data: '192.0.2.8' }), peer],
    ['an answer from another port', response(a('192.0.2.8')), { ...peer, port: 5354 }],
    ['an error', read({ type: 'response', flags: 3, answers: [a('192.0.2.8')] }), peer],
    ['another operation', read({ type: 'response', flags: 0x2800, answers: [a('192.0.2.8')] }), peer],
  ];
  for (const [what, message, from] of harmless) {
    const claim = claimOf();
    claim.tick(125);
    claim.receive(message, from, 130);
    t.equal(claim.state, 'probing', what);
  }
});

t.test('of two that probe at the same time, whose records are less begins anew a second later', async (t) => {
  const rivals: [string, Answer[], 'wins' | 'yields'][] = [
    ['a higher address', [a('192.0.2.8'), aaaa('2001:db8::7')], 'yields'],
    ['a lower address', [a('192.0.2.6'), aaaa('2001:db8::7')], 'wins'],
    ['the same records', [aaaa('2001:db8::7'), a('192.0.2.7')], 'wins'],
    ['the same, and one more', [a('192.0.2.7'), aaaa('2001:db8::7'), aaaa('2001:db8::8')], 'yields'],
    ['the same, but one less', [a('192.0.2.7')], 'wins'],
    ['a higher type', [aaaa('::1')], 'yields'],
    ['octets are compared without a sign', [a('200.0.0.1')], 'yields'],
  ];
  for (const [what, authorities, end] of rivals) {
    const claim = claimOf();
    claim.tick(125);
    claim.receive(query('ANY', { authorities }), peer, 200);
    t.equal(claim.state, 'probing', what);
    const begin = end === 'yields' ? 1_200 : 375;
    t.strictSame(steps(claim)[0], [begin, 'probe'], what);
    t.equal(steps(claim).length, 0);
    t.equal(claim.state, 'established', what);
  }
});

t.test('a question is answered at once, as far as the asker does not know it', async (t) => {
  const cases: [string, Message, answers: string[] | undefined, additionals?: string[]][] = [
    ['A', query('A'), ['192.0.2.7'], ['2001:db8::7', 'NSEC']],
    ['AAAA', query('AAAA'), ['2001:db8::7'], ['192.0.2.7', 'NSEC']],
    ['ANY', query('ANY'), host.addresses, ['NSEC']],
    ['a type that does not exist', query('TXT'), ['NSEC'], host.addresses],
    ['in other letters', read({ type: 'query', questions: [{ name: 'SALES.Local', type: 'A' }] }), ['192.0.2.7']],
    ['another name', read({ type: 'query', questions: [{ name: 'other.local', type: 'A' }] }), undefined],
    ['another class', read({ type: 'query', questions: [{ name, type: 'A', class: 'CH' }] }), undefined],
    ['known', query('A', { answers: [a('192.0.2.7')] }), undefined],
    ['known for half of its time', query('A', { answers: [a('192.0.2.7', { ttl: 60 })] }), undefined],
    ['known for less', query('A', { answers: [a('192.0.2.7', { ttl: 59 })] }), ['192.0.2.7']],
    ['something else known', query('A', { answers: [a('192.0.2.8')] }), ['192.0.2.7']],
  ];
  for (const [what, message, answers, additionals] of cases) {
    const lone = established({ random: () => 0 });
    // Asked for by unicast and a moment after an announcement: the answer is only what was asked for.
    lone.receive(query('ANY'), peer, 0);
    const unicast = {
      ...message,
      questions: message.questions.map((each) => ({ ...each, class: each.class | 0x8000 })),
    };
    const [answer] = decoded(lone.receive(unicast, peer, 10));
    t.strictSame(answer && dataOf(answer.answers), answers, what);
    if (additionals !== undefined) t.strictSame(dataOf(answer?.additionals), additionals, what);
    if (answer !== undefined) t.same(answer.to, peer, what);
  }
  t.equal(established().receive(query('A', { answers: [a('192.0.2.7')] }), peer, 0).length, 0);
});

t.test('a host without IPv6 says so', async (t) => {
  const claim = established({ host: { name, addresses: ['192.0.2.7'] } });
  claim.receive(query('A'), peer, 0);
  const [answer] = decoded(claim.receive(query('AAAA', {}, { unicast: true }), peer, 10));
  t.match(answer?.answers, [{ type: 'NSEC', data: { rrtypes: ['A'] } }]);
});

t.test('who wants a unicast answer gets one, but now and then everyone hears it', async (t) => {
  const claim = established();
  const ask = (now: number) => decoded(claim.receive(query('A', {}, { unicast: true }), peer, now))[0]?.to;
  t.equal(ask(0), undefined, 'nothing was multicast for long');
  t.same(ask(10), peer);
  t.same(ask(29_999), peer);
  t.equal(ask(30_000), undefined, 'a quarter of the time to live has gone by');
});

t.test('nothing is multicast more often than once a second, but for a probe', async (t) => {
  const claim = established();
  const count = (now: number, message = query('A')) => claim.receive(message, peer, now).length;
  t.equal(count(0), 1);
  t.equal(count(100), 0);
  t.equal(count(999), 0);
  t.equal(claim.due, 1_000, 'whoever asked is answered as soon as it may be');
  t.equal(claim.tick(1_000).length, 1);
  t.equal(claim.due, undefined);
  t.equal(count(1_100, query('ANY', { authorities: [a('192.0.2.8')] })), 0);
  t.equal(claim.due, 1_250, 'a probe does not wait for so long');
  t.equal(claim.tick(1_250).length, 1);
  t.equal(count(1_500, query('ANY', { authorities: [a('192.0.2.8')] })), 1);
});

t.test('a plain DNS client is answered as it understands', async (t) => {
  const client = { address: '192.0.2.9', port: 40_000 };
  const message = query('A', { id: 4_711 }, { unicast: true });
  const [answer, ...more] = decoded(established().receive(message, client, 0));
  t.match(answer, { id: 4_711, flag_aa: true, questions: [{ name, type: 'A', class: 'IN' }], to: client });
  t.match(answer?.answers, [{ type: 'A', ttl: 10, flush: false, data: '192.0.2.7' }]);
  t.equal(more.length, 0);
});

t.test('a list of known answers that is longer than one message is awaited', async (t) => {
  const claim = established();
  const long = query('ANY', { flags: dnsPacket.TRUNCATED_RESPONSE, answers: [a('192.0.2.1')] });
  t.same(claim.receive(long, peer, 0), []);
  t.equal(claim.due, 450);
  const more = read({ type: 'query', flags: dnsPacket.TRUNCATED_RESPONSE, answers: [a('192.0.2.7')] });
  t.same(claim.receive(more, peer, 300), []);
  t.equal(claim.due, 750, 'there is more to come');
  const last = read({ type: 'query', answers: [aaaa('2001:db8::7')] });
  t.same(claim.receive(last, { ...peer, address: '192.0.2.10' }, 400), [], 'that was somebody else');
  t.same(claim.receive(last, peer, 400), []);
  t.same(claim.tick(750), [], 'all is known');
  t.same(claim.receive(long, peer, 1_000), []);
  t.equal(claim.tick(1_450).length, 1, 'this time it is not');
});

t.test('another host that uses the name is answered with ours, at most every ten seconds', async (t) => {
  const claim = established();
  const [defence] = decoded(claim.receive(response(a('192.0.2.8')), peer, 0));
  t.same(dataOf(defence?.answers), host.addresses);
  t.match(claim, { state: 'established', contest: { data: '192.0.2.8', at: 0 } });
  t.same(claim.receive(response(a('192.0.2.8')), peer, 9_999), []);
  t.equal(claim.receive(response(aaaa('2001:db8::8')), peer, 10_000).length, 1);
  t.match(claim.contest, { data: '2001:0db8:0000:0000:0000:0000:0000:0008', at: 10_000 });
  t.same(established().receive(response({ name, type: 'TXT', ttl: 9, data: 'x' }), peer, 0), [], 'no address');
});

t.test('who says that our records end is put right', async (t) => {
  const claim = established();
  t.equal(claim.receive(response(a('192.0.2.7', { ttl: 0 })), peer, 0).length, 1);
  t.equal(claim.contest, undefined);
  t.same(established().receive(response(a('192.0.2.7', { ttl: 60 })), peer, 0), []);
});

t.test('a name that is given up is said goodbye to, if it was ever announced', async (t) => {
  const claim = established();
  const [goodbye] = decoded(claim.retire());
  t.match(goodbye?.answers, [
    { type: 'A', ttl: 0 },
    { type: 'AAAA', ttl: 0 },
  ]);
  t.same([...claim.receive(query('A'), peer, 5_000), ...claim.tick(5_000), ...claim.retire()], []);
  const probing = claimOf();
  probing.tick(125);
  t.same(probing.retire(), [], 'nobody heard of it');
});

t.test('whatever comes and whenever: nothing is thrown, and records are not multicast too often', async (t) => {
  const words = fc.constantFrom(name, 'other.local', 'SALES.local', 'x'.repeat(63), '.');
  const types = fc.constantFrom(1, 28, 47, 255, 16, 6, 250);
  const kinds = fc.constantFrom(1, 0x8001, 255, 3);
  const record = fc.record({
    name: words,
    type: types,
    class: kinds,
    ttl: fc.constantFrom(0, 1, 60, 120, 0xffff_ffff),
    data: fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.constant(Uint8Array.of(192, 0, 2, 7))),
  });
  const records = fc.array(record, { maxLength: 4 });
  const message = fc.record({
    id: fc.nat(65_535),
    flags: fc.constantFrom(0, 0x8400, 0x200, 0x8000, 0x2800, 0x8403),
    questions: fc.array(fc.record({ name: words, type: types, class: kinds }), { maxLength: 3 }),
    answers: records,
    authorities: records,
    additionals: records,
  });
  const from = fc.record({ address: fc.constantFrom('192.0.2.9', 'fe80::1%eth0'), port: fc.constantFrom(5_353, 9) });
  const event = fc.record({ message, from, afterMs: fc.constantFrom(0, 1, 249, 250, 999, 1_000, 20_000) });
  fc.assert(
    fc.property(fc.boolean(), fc.array(event, { maxLength: 40 }), (isNew, events) => {
      const claim = claimOf({ isNew });
      const multicast: number[] = [];
      const note = (sendings: readonly Sending[], now: number): void => {
        for (const { octets, to } of sendings) {
          const sent = readMessage(octets);
          if (to === undefined && (sent.flags & 0x8000) !== 0) multicast.push(now);
        }
      };
      let now = 0;
      for (const each of events) {
        const end = now + each.afterMs;
        for (let due = claim.due; due !== undefined && due <= end; due = claim.due) {
          now = Math.max(now, due);
          note(claim.tick(now), now);
        }
        now = end;
        note(claim.receive(each.message, each.from, now), now);
      }
      // A defence comes at once, at most every 10 s; everything else keeps its distance.
      const close = multicast.filter((at, index) => at - (multicast[index - 1] ?? Number.NEGATIVE_INFINITY) < 250);
      return close.length <= 1 + Math.floor(now / 10_000);
    }),
    { numRuns: 500 },
  );
  t.pass('nothing was thrown');
});
