// Transaction signatures. That BIND takes them is tried in test/peers/.

import { createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import t from 'tap';
import { writeMessage } from '../../../lib/protocols/dns/message.js';
import { signed, type TsigKey, verified } from '../../../lib/protocols/dns/tsig.js';

const keyWith = (secret: string, name = 'Platen.Example'): TsigKey => ({
  name,
  algorithm: 'hmac-sha256',
  mac: (octets) => createHmac('sha256', secret).update(octets).digest(),
});

const wire = (name: string): Buffer =>
  Buffer.concat([
    ...name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.alloc(1),
  ]);
const word = (...values: number[]): Buffer => Buffer.from(values.flatMap((value) => [value >> 8, value & 255]));

/** An answer as a server makes it, built without the code under test. */
const answerOf = (
  requestMac: Buffer,
  {
    secret = 'good',
    time = 1_000,
    error = 0,
    id = 7,
    originalId = 7,
    empty = false,
    rcode = 0,
    keyName = 'platen.example',
  } = {},
): Buffer => {
  const plain = Buffer.concat([word(id, 0xa800 | rcode, 0, 0, 0, 0)]);
  const original = Buffer.concat([word(originalId), plain.subarray(2)]);
  const at = Buffer.concat([word(0), Buffer.from(Uint32Array.of(time).buffer).reverse()]);
  const variables = Buffer.concat([wire(keyName), word(255, 0, 0), wire('hmac-sha256'), at, word(300, error, 0)]);
  const input = Buffer.concat([word(requestMac.length), requestMac, original, variables]);
  const mac = empty ? Buffer.alloc(0) : createHmac('sha256', secret).update(input).digest();
  const data = Buffer.concat([wire('hmac-sha256'), at, word(300, mac.length), mac, word(originalId, error, 0)]);
  const octets = Buffer.concat([plain, wire(keyName), word(250, 255, 0, 0, data.length), data]);
  octets.writeUInt16BE(1, 10);
  return octets;
};

t.test('a signed message carries one more record, and its MAC covers it', async (t) => {
  const message = writeMessage({ id: 7, flags: 0x2800 });
  const { octets, mac } = signed(message, keyWith('good'), 0x1_2345_6789);
  t.equal(octets.readUInt16BE(10), 1);
  const variables = Buffer.concat([
    wire('platen.example'),
    word(255, 0, 0),
    wire('hmac-sha256'),
    word(1, 0x2345, 0x6789, 300, 0, 0),
  ]);
  t.same(
    mac,
    createHmac('sha256', 'good')
      .update(Buffer.concat([message, variables]))
      .digest(),
  );
  t.ok(octets.includes(mac));
});

t.test('an answer counts only when it is signed with our key, for our request, now', async (t) => {
  const key = keyWith('good');
  const { mac } = signed(writeMessage({ id: 7, flags: 0x2800 }), key, 1_000);
  const judge = (octets: Buffer, time = 1_000) => verified(octets, { key, requestMac: mac, time });
  t.match(judge(answerOf(mac)), { ok: true, message: { id: 7 } });
  t.match(judge(answerOf(mac, { id: 8, originalId: 7 })), { ok: true }, 'a relay may have changed the id');
  t.match(judge(answerOf(mac), 1_300), { ok: true }, 'clocks 5 minutes apart');
  const cases: [string, Buffer, RegExp, number?][] = [
    ['another secret', answerOf(mac, { secret: 'bad' }), /signature of the answer is wrong/],
    ['the answer to another request', answerOf(Buffer.alloc(32)), /signature of the answer is wrong/],
    ['another key', answerOf(mac, { keyName: 'other' }), /another key/],
    ['clocks that differ', answerOf(mac), /at another time/, 1_301],
    ['clocks that differ the other way', answerOf(mac), /at another time/, 699],
    ['no signature', writeMessage({ id: 7, flags: 0xa800 }), /not signed/],
    ['an unknown key', answerOf(mac, { error: 17, empty: true, rcode: 9 }), /^BADKEY/],
    ['a bad signature', answerOf(mac, { error: 16, empty: true, rcode: 9 }), /^BADSIG/],
    ['a bad time, signed', answerOf(mac, { error: 18, rcode: 9 }), /^BADTIME/],
    ['an error that nobody signed', answerOf(mac, { error: 18, secret: 'bad' }), /signature of the answer is wrong/],
    ['an empty MAC without an error', answerOf(mac, { empty: true }), /signature of the answer is wrong/],
    ['octets', Buffer.from('nothing of the kind'), /./],
  ];
  for (const [what, octets, reason, time] of cases) {
    const judged = judge(octets, time);
    t.match(judged, { ok: false, reason }, what);
  }
});

t.test('no octet of an answer can be changed, and nothing is thrown', async (t) => {
  const key = keyWith('good');
  const { mac } = signed(writeMessage({ id: 7, flags: 0x2800 }), key, 1_000);
  const good = answerOf(mac);
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const octets = Buffer.from(good);
      octets[at] = (octets[at] ?? 0) ^ change;
      const judged = verified(octets, { key, requestMac: mac, time: 1_000 });
      // The id may be another (it is compared where it is known), and names are compared in any case.
      const isMeaningless = at < 2 || (change === 0x20 && judged.ok);
      return isMeaningless || !judged.ok;
    }),
    { numRuns: 2_000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
      return !verified(Buffer.from(octets), { key, requestMac: mac, time: 1_000 }).ok;
    }),
  );
  t.pass('no change got through');
});
