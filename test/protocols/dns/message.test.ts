// DNS messages, written and read; dns-packet's own whole-message codec is the other side.

import * as dnsPacket from 'dns-packet';
import * as fc from 'fast-check';
import t from 'tap';
import { ProtocolError } from '../../../lib/errors.js';
import { addressData, classes, flags, readMessage, types, writeMessage } from '../../../lib/protocols/dns/message.js';

t.test('what we write, others read', async (t) => {
  const name = 'sales.local';
  const octets = writeMessage({
    id: 7,
    flags: flags.response | flags.authoritative,
    questions: [{ name, type: types.any, class: classes.in }],
    answers: [
      { name, class: classes.in | 0x8000, ttl: 120, ...addressData('192.0.2.7') },
      { name, class: classes.in, ttl: 0, ...addressData('2001:db8::7') },
    ],
  });
  t.match(dnsPacket.decode(octets), {
    id: 7,
    type: 'response',
    flag_aa: true,
    questions: [{ name, type: 'ANY' }],
    answers: [
      { name, type: 'A', ttl: 120, flush: true, data: '192.0.2.7' },
      { name, type: 'AAAA', ttl: 0, flush: false, data: '2001:db8::7' },
    ],
  });
});

t.test('what others write, we read: names in lower case, data as it came', async (t) => {
  const octets = dnsPacket.encode({
    id: 9,
    type: 'query',
    flags: dnsPacket.TRUNCATED_RESPONSE,
    questions: [{ name: 'SALES.local', type: 'A' }],
    answers: [{ name: 'Other.local', type: 'TXT', ttl: 5, data: 'x' }],
    authorities: [{ name: 'a.local', type: 'A', data: '192.0.2.1' }],
    additionals: [
      {
        name: '.',
        type: 'OPT',
        udpPayloadSize: 1440,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: 0,
        flag_do: false,
        options: [],
      },
    ],
  });
  const message = readMessage(octets);
  t.match(message, {
    id: 9,
    flags: flags.truncated,
    questions: [{ name: 'sales.local', type: 1, class: 1 }],
    answers: [{ name: 'other.local', type: 16, ttl: 5 }],
    authorities: [{ name: 'a.local', type: 1 }],
    additionals: [{ name: '.', type: 41, class: 1440 }],
  });
  t.same([...(message.authorities[0]?.data ?? [])], [192, 0, 2, 1]);
  t.equal(message.lastRecordAt, octets.length - 11, 'the OPT record is the last');
});

const header = (...counts: readonly number[]): Buffer => {
  const octets = Buffer.alloc(12);
  for (const [index, count] of counts.entries()) octets.writeUInt16BE(count, 4 + 2 * index);
  return octets;
};

t.test('what is no message is refused, not thrown at', async (t) => {
  const cases: [string, Buffer][] = [
    ['nothing', Buffer.alloc(0)],
    ['half a header', Buffer.alloc(11)],
    ['a question that is not there', header(1)],
    ['more records than anybody has', header(0, 65_535, 65_535, 65_535)],
    ['a name that points at itself', Buffer.concat([header(1), Buffer.from([0xc0, 12, 0, 1, 0, 1])])],
    ['a name that points ahead', Buffer.concat([header(1), Buffer.from([0xc0, 18, 0, 1, 0, 1, 0])])],
    ['a label of a reserved kind', Buffer.concat([header(1), Buffer.from([0x80, 0, 0, 1, 0, 1])])],
    [
      'a record longer than the message',
      Buffer.concat([header(0, 1), Buffer.from([0, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1])]),
    ],
  ];
  for (const [what, octets] of cases) t.throws(() => readMessage(octets), ProtocolError, what);
});

t.test('whatever comes, reading it ends with a message or a ProtocolError', async (t) => {
  const whole = dnsPacket.encode({
    questions: [{ name: 'sales.local', type: 'A' }],
    answers: [{ name: 'sales.local', type: 'AAAA', data: '2001:db8::1' }],
  });
  const read = (octets: Buffer): void => {
    try {
      readMessage(octets);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (octets) => read(Buffer.from(octets))));
  fc.assert(
    fc.property(fc.nat(whole.length), fc.nat(255), fc.nat(whole.length), (at, octet, length) => {
      const changed = Buffer.from(whole);
      changed[at] = octet;
      read(changed.subarray(0, length));
    }),
  );
  t.pass('nothing else was thrown');
});

t.test('a message of pointers to pointers does not hold the event loop', async (t) => {
  const chain = Buffer.concat([
    Buffer.from([0]),
    ...Array.from({ length: 3_000 }, (_, index) => {
      const pointer = Buffer.alloc(2);
      pointer.writeUInt16BE(0xc000 | (index === 0 ? 12 + 11 : 12 + 11 + 1 + 2 * (index - 1)));
      return pointer;
    }),
  ]);
  // One record whose data holds the chain, then questions' worth of records that point at its end.
  const first = Buffer.concat([
    Buffer.from([0, 0, 16, 0, 1, 0, 0, 0, 0]),
    Buffer.from([chain.length >> 8, chain.length & 255]),
    chain,
  ]);
  const last = 12 + 11 + chain.length - 2;
  const pointing = Buffer.from([0xc0 | (last >> 8), last & 255, 0, 16, 0, 1, 0, 0, 0, 0, 0, 0]);
  const octets = Buffer.concat([header(0, 201), first, ...Array.from({ length: 200 }, () => pointing)]);
  t.ok(octets.length < 9_000);
  const start = process.cpuUsage();
  t.equal(readMessage(octets).answers.length, 201);
  const { user } = process.cpuUsage(start);
  t.ok(user < 200_000, `${user} microseconds of CPU`);
});
