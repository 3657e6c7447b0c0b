import { createSession, ObjectType, Version1, Version2c, type Session } from 'net-snmp';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { ProtocolError } from '../../../lib/errors.js';
import { decodeRequest, encodeBinding, encodeResponse, type SnmpRequest } from '../../../lib/protocols/snmp/message.js';

const oids = ['1.3.6.1.2.1.1.5.0', '1.3.6.1.2.1.43.5.1.1.16.1'];

/** What net-snmp sends when told to `ask`, and what it makes of the answer. */
const received = async (
  t: Test,
  version: typeof Version1 | typeof Version2c,
  ask: (session: Session) => void,
): Promise<{ packet: Buffer; reply: (answer: Buffer) => void }> => {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const session = createSession('127.0.0.1', 'c0mmunity', { version, port: socket.address().port, retries: 0 });
  t.teardown(() => {
    session.close();
    socket.close();
  });
  ask(session);
  const [packet, from] = await once(socket, 'message');
  return { packet, reply: (answer) => socket.send(answer, from.port, from.address) };
};

t.test('requests of an independent manager are read', async (t) => {
  const ignore = () => {};
  const cases: readonly [string, (session: Session) => void, Partial<SnmpRequest>][] = [
    ['get', (session) => session.get(oids, ignore), { type: 'get' }],
    ['get-next', (session) => session.getNext(oids, ignore), { type: 'get-next' }],
    [
      'get-bulk',
      (session) => session.getBulk(oids, 1, 300, ignore),
      { type: 'get-bulk', nonRepeaters: 1, maxRepetitions: 300 },
    ],
    [
      'set',
      (session) =>
        session.set(
          oids.map((oid) => ({ oid, type: ObjectType.Integer, value: 7 })),
          ignore,
        ),
      { type: 'set' },
    ],
  ];
  for (const [name, ask, expected] of cases) {
    const { packet } = await received(t, Version2c, ask);
    const request = decodeRequest(packet);
    t.match(request, { version: 'v2c', nonRepeaters: 0, maxRepetitions: 0, ...expected }, name);
    t.equal(request.community.toString(), 'c0mmunity');
    t.same(
      request.names.map((name) => name.join('.')),
      oids,
    );
  }
  const { packet } = await received(t, Version1, (session) => session.get(oids, ignore));
  t.match(decodeRequest(packet), { version: 'v1', type: 'get' });
});

t.test('an independent manager reads the answer', async (t) => {
  let heard: (answer: unknown[]) => void;
  const answer = new Promise<unknown[]>((resolve) => {
    heard = resolve;
  });
  const { packet, reply } = await received(t, Version2c, (session) =>
    session.get(oids, (error, varbinds) => heard([error, ...(varbinds ?? [])])),
  );
  const request = decodeRequest(packet);
  const [first = [], second = []] = request.names;
  const bindings = Buffer.concat([
    encodeBinding(first, { type: 'counter32', value: 4_000_000_000 }),
    encodeBinding(second, { type: 'octets', value: Buffer.from('Büro') }),
  ]);
  reply(encodeResponse(request, { status: 'noError', index: 0, bindings }));
  t.match(await answer, [
    null,
    { oid: oids[0], type: ObjectType.Counter, value: 4_000_000_000 },
    { oid: oids[1], type: ObjectType.OctetString, value: Buffer.from('Büro') },
  ]);
});

t.test('what is no v1 or v2c request is refused', async (t) => {
  const cases: Record<string, string> = {
    'an empty datagram': '',
    SNMPv3: '3003020103',
    'an answer': '301a02010104067075626c6963a20d02010102010002010030020500',
    'get-bulk in SNMPv1': '301802010004067075626c6963a50b0201010201000201003000',
    'octets after the message': '301802010104067075626c6963a00b020101020100020100300000',
    'octets after the bindings': '301902010104067075626c6963a00c020101020100020100300000',
    'no request-id': '300f02010104067075626c6963a0023000',
    'a binding without a value': '301e02010104067075626c6963a0110201010201000201003006300406022b06',
  };
  for (const [name, hex] of Object.entries(cases)) {
    t.throws(() => decodeRequest(Buffer.from(hex, 'hex')), ProtocolError, name);
  }
  t.match(decodeRequest(Buffer.from('301802010104067075626c6963a00b0201010201000201003000', 'hex')), { names: [] });
});
