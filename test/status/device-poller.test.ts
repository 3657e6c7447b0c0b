import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { silentLog } from '../../lib/platform/log.js';
import { systemClock } from '../../lib/platform/clock.js';
import { DevicePoller, type DeviceStatus, type DeviceTarget } from '../../lib/status/device-poller.js';
import { element, integerElement, tags } from '../../lib/protocols/snmp/ber.js';
import { startPrinterEmulator } from '../support/printer-emulator.js';
import { startSnmpResponder, type ResponderState } from '../support/printer-emulator-snmp.js';

const at = (port: number, more: Partial<DeviceTarget> = {}): DeviceTarget => ({
  address: '127.0.0.1',
  port,
  community: 'public',
  index: 1,
  ...more,
});

const createPoller = (t: Test, options: { concurrency?: number; intervalMs?: number; timeoutMs?: number } = {}) => {
  const poller = new DevicePoller({ clock: systemClock, log: silentLog, intervalMs: 20, timeoutMs: 100, ...options });
  // The poller itself keeps no process alive.
  const alive = setInterval(() => {}, 60_000);
  t.teardown(() => {
    clearInterval(alive);
    poller.close();
  });
  return poller;
};

/** A device that takes what it is sent and may say something back. */
const startSocket = async (t: Test, answer?: (packet: Buffer) => Buffer) => {
  const socket = createSocket('udp4');
  socket.on('message', (packet, from) => {
    if (answer) socket.send(answer(packet), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.teardown(() => socket.close());
  return socket;
};

const startPrinter = async (t: Test, options: Partial<Parameters<typeof startSnmpResponder>[0]> = {}) => {
  const idle: ResponderState = { status: 'idle', detectedErrors: [], lifeCount: 100 };
  const printer = { state: idle };
  const responder = await startSnmpResponder({ printer, ...options });
  let isOpen = true;
  const close = async () => {
    if (isOpen) await responder.close();
    isOpen = false;
  };
  t.teardown(close);
  return { printer, responder, close };
};

/** For what no event tells. */
const eventually = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await systemClock.sleep(5);
};

/** Watches and lets a test wait for a status. */
const follow = (poller: DevicePoller, target: DeviceTarget, key = 'p1') => {
  const seen: DeviceStatus[] = [];
  const waiting = new Set<() => void>();
  poller.watch(key, target, (status) => {
    seen.push(status);
    for (const look of waiting) look();
  });
  const until = (condition: (status: DeviceStatus) => boolean) =>
    new Promise<DeviceStatus>((resolve) => {
      const look = () => {
        const last = seen.at(-1);
        if (last && condition(last)) resolve(last);
      };
      waiting.add(look);
      look();
    });
  return { seen, until };
};

t.test('a device is followed from state to state', async (t) => {
  const { printer, responder } = await startPrinter(t);
  const poller = createPoller(t);
  const { until } = follow(poller, at(responder.port));
  t.same(await until((status) => status.answered), { state: 'idle', reasons: [], lifeCount: 100, answered: true });
  printer.state = { status: 'other', detectedErrors: ['noPaper', 'lowToner'], lifeCount: 101 };
  const out = await until((status) => status.lifeCount === 101);
  t.equal(out.state, 'other');
  t.same([...out.reasons].sort(), ['media-empty-error', 'media-needed-error', 'toner-low-warning']);
  t.same(poller.status('p1'), out);
});

t.test('the printer emulator is followed', async (t) => {
  const emulator = await startPrinterEmulator({ directory: t.testdir() });
  t.teardown(() => emulator.close());
  const responder = await startSnmpResponder({ printer: emulator });
  t.teardown(() => responder.close());
  const { until } = follow(createPoller(t), at(responder.port));
  await until((status) => status.state === 'idle');
  emulator.raise('jammed');
  t.same((await until((status) => status.reasons.length > 0)).reasons, ['media-jam-error']);
  emulator.clear('jammed');
  t.same((await until((status) => status.reasons.length === 0)).state, 'idle');
});

t.test('nothing is reported while nothing changes', async (t) => {
  const { responder } = await startPrinter(t);
  const { seen, until } = follow(createPoller(t, { intervalMs: 5 }), at(responder.port));
  await until((status) => status.answered);
  await eventually(() => responder.requests >= 10);
  t.equal(seen.length, 1);
});

t.test('silence is unknown, not an error, and ends with the next answer', async (t) => {
  const { printer, responder, close } = await startPrinter(t);
  const poller = createPoller(t, { timeoutMs: 40 });
  const { until } = follow(poller, at(responder.port));
  await until((status) => status.answered);
  await close();
  t.same(await until((status) => !status.answered), { state: 'unknown', reasons: [], answered: false });
  const again = await startSnmpResponder({ printer, port: responder.port });
  t.equal((await until((status) => status.answered)).state, 'idle');
  t.teardown(() => again.close());
});

t.test('40 dead devices beside a live one do not delay it', async (t) => {
  const { responder } = await startPrinter(t);
  const dead = await startSocket(t);
  let asked = 0;
  dead.on('message', () => {
    asked += 1;
  });
  const poller = createPoller(t, { concurrency: 8, intervalMs: 20, timeoutMs: 50 });
  for (let i = 0; i < 40; i += 1) poller.watch(`dead ${i}`, at(dead.address().port), () => t.fail('is silent'));
  await eventually(() => asked >= 80);
  const { until } = follow(poller, at(responder.port));
  await until((status) => status.answered);
  const [before, askedBefore] = [responder.requests, asked];
  await systemClock.sleep(1_000);
  // With one lane for all the live device would wait for 41 others each time: twice a second.
  t.ok(responder.requests - before >= 10, `${responder.requests - before} polls in a second`);
  t.ok(asked > askedBefore, 'the dead ones are still asked');
});

t.test('an answer for another request, from another source or of no sense is not believed', async (t) => {
  const elsewhere = await startSocket(t);
  const { printer } = await startPrinter(t);
  printer.state = { status: 'printing', detectedErrors: [], lifeCount: 1 };
  const real = await startPrinter(t);
  // A relay whose answers leave from another port than the one that was asked.
  const relay = createSocket('udp4');
  relay.bind(0, '127.0.0.1');
  await once(relay, 'listening');
  t.teardown(() => relay.close());
  let asker = 0;
  relay.on('message', (packet, from) => {
    asker = from.port;
    elsewhere.send(packet, real.responder.port, '127.0.0.1');
  });
  let relayed = 0;
  elsewhere.on('message', (packet) => {
    relayed += 1;
    elsewhere.send(packet, asker, '127.0.0.1');
  });
  const poller = createPoller(t, { timeoutMs: 50 });
  t.equal(await poller.readLifeCount(at(relay.address().port)), undefined);
  t.ok(relayed > 0, 'the forged answer was sent');

  const wrongId = await startSocket(t, (packet) => {
    const forged = Buffer.from(packet);
    forged[forged.indexOf(0xa0)] = 0xa2;
    forged[forged.indexOf(0xa2) + 4] = (forged[forged.indexOf(0xa2) + 4] ?? 0) ^ 1;
    return forged;
  });
  t.equal(await poller.readLifeCount(at(wrongId.address().port)), undefined);
});

t.test('hostile answers end no poll but their own', async (t) => {
  /** A signed SNMPv3 message with the request's own number: net-snmp's session throws over it. */
  const v3 = (packet: Buffer): Buffer => {
    const pdu = packet.indexOf(0xa0);
    const id = packet.subarray(pdu + 2, pdu + 4 + (packet[pdu + 3] ?? 0));
    const version = integerElement(tags.integer, 3);
    const header = element(tags.sequence, id, Buffer.from('020205dc040101020103', 'hex'));
    const security = element(tags.octets, Buffer.from('300e0400020100020100040004000400', 'hex'));
    const empty = element(tags.octets);
    return element(
      tags.sequence,
      version,
      header,
      security,
      element(tags.sequence, empty, empty, packet.subarray(pdu)),
    );
  };
  const answers: Record<string, (packet: Buffer) => Buffer> = {
    nothing: () => Buffer.alloc(0),
    text: () => Buffer.from('220 hello'),
    'an endless length': () => Buffer.from('30ffffffffffff', 'hex'),
    'the request itself': (packet) => packet,
    'half of the request': (packet) => packet.subarray(0, packet.length >> 1),
    '9,000 octets': () => Buffer.alloc(9_000, 0x30),
    'an SNMPv3 header': v3,
  };
  const poller = createPoller(t, { timeoutMs: 50 });
  for (const [name, answer] of Object.entries(answers)) {
    const device = await startSocket(t, answer);
    t.equal(await poller.readLifeCount(at(device.address().port)), undefined, name);
  }
});

t.test('the page counter is read in whichever type the printer sends it', async (t) => {
  const poller = createPoller(t);
  for (const lifeCountAs of ['counter32', 'integer'] as const) {
    const { responder } = await startPrinter(t, { lifeCountAs, index: 3 });
    t.equal(await poller.readLifeCount(at(responder.port, { index: 3 })), 100, lifeCountAs);
    t.equal(await poller.readLifeCount(at(responder.port, { index: 1 })), undefined, 'of another index there is none');
  }
  const { printer, responder } = await startPrinter(t, { lifeCountAs: 'integer' });
  printer.state = { ...printer.state, lifeCount: -2 };
  t.equal(await poller.readLifeCount(at(responder.port)), undefined, '−2 means unknown');
});

t.test('a page counter that does not come is waited for no longer than a second', async (t) => {
  const dead = await startSocket(t);
  const start = performance.now();
  t.equal(await createPoller(t).readLifeCount(at(dead.address().port)), undefined);
  t.ok(performance.now() - start < 1_500);
});

t.test('the wrong community and an address that is not ours give no answer', async (t) => {
  const { responder } = await startPrinter(t, { community: 'secret' });
  const poller = createPoller(t);
  t.equal(await poller.readLifeCount(at(responder.port)), undefined);
  t.equal(await poller.readLifeCount(at(responder.port, { community: 'secret' })), 100);
  const foreign = { community: 'secret', localAddress: '192.0.2.1' };
  t.equal(await poller.readLifeCount(at(responder.port, foreign)), undefined);
  const own = { community: 'secret', localAddress: '127.0.0.2' };
  t.equal(await poller.readLifeCount(at(responder.port, own)), 100);
});

t.test('a follower that throws hurts neither its own device nor others', async (t) => {
  const { printer, responder } = await startPrinter(t);
  const poller = createPoller(t);
  let calls = 0;
  poller.watch('bad', at(responder.port), () => {
    calls += 1;
    throw new Error('no');
  });
  const { until } = follow(poller, at(responder.port), 'good');
  await until((status) => status.answered);
  await eventually(() => calls >= 1);
  printer.state = { status: 'printing', detectedErrors: [], lifeCount: 100 };
  await until((status) => status.state === 'printing');
  await eventually(() => calls >= 2);
  t.equal(poller.status('bad').state, 'printing');
});

t.test('after unwatch and close nothing is called and nothing is asked', async (t) => {
  const { printer, responder } = await startPrinter(t);
  const poller = createPoller(t, { intervalMs: 5 });
  const first = follow(poller, at(responder.port), 'a');
  const second = follow(poller, at(responder.port), 'b');
  await first.until((status) => status.answered);
  await second.until((status) => status.answered);
  poller.unwatch('a');
  printer.state = { status: 'printing', detectedErrors: [], lifeCount: 100 };
  await second.until((status) => status.state === 'printing');
  t.equal(first.seen.length, 1);
  t.same(poller.status('a'), { state: 'unknown', reasons: [], answered: false });
  poller.close();
  const asked = responder.requests;
  await systemClock.sleep(50);
  t.ok(responder.requests <= asked + 1);
  t.equal(await poller.readLifeCount(at(responder.port)), undefined);
});
