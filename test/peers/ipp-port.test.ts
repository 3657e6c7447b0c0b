// Our IPP client against printers and servers of other makers: every document arrives octet for octet.

import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { systemClock } from '../../lib/platform/clock.js';
import { IppPort } from '../../lib/ports/ipp-port.js';
import { cupsdNeeds, startCupsd } from '../support/cupsd.js';
import { delivery, document, octets, print, sha256 } from '../support/delivery.js';
import { startIppPrinterPeer } from '../support/ipp-printer.js';
import { ippEvePrinterNeeds, startIppEvePrinter } from '../support/ippeveprinter.js';
import { skipWithout } from '../support/peers.js';

const port = new IppPort({ clock: systemClock });
const sizes = [1, 100, 65_536, 3_000_001] as const;
const pdf = (length: number): Buffer => Buffer.concat([Buffer.from('%PDF-1.4\n'), octets(length, length)]);

const until = async (holds: () => Promise<boolean> | boolean): Promise<void> => {
  for (let tries = 0; !(await holds()); tries += 1) {
    if (tries > 600) throw new Error('what was waited for did not come');
    await delay(50);
  }
};

t.test('npm ipp-printer, which knows IPP/1.1 and Print-Job only', async (t) => {
  const peer = await startIppPrinterPeer(t);
  for (const size of sizes) {
    const outcome = await print(port, peer.uri, delivery([document(octets(size, size))]));
    t.match(outcome, { result: 'delivered', bytes: size }, `${size} octets: ${JSON.stringify(outcome)}`);
  }
  const two = delivery([document('first'), document('second')]);
  t.match(await print(port, peer.uri, two), { result: 'delivered', bytes: 11 });
  t.strictSame(
    (await peer.documents()).map((content) => sha256(content)),
    [...sizes.map((size) => octets(size, size)), 'first', 'second'].map((content) => sha256(content)),
  );
  await peer.stop();
  t.match(await print(port, peer.uri, delivery([document('x')])), { result: 'unreachable', evidence: 'not-started' });
});

/** A raw printer for cupsd that keeps what each connection brought. */
const startSink = async (t: Test) => {
  const documents: Buffer[] = [];
  const server = createServer((socket) => {
    const parts: Buffer[] = [];
    socket.on('error', () => {});
    socket.on('data', (part: Buffer) => parts.push(part));
    socket.on('end', () => {
      documents.push(Buffer.concat(parts));
      socket.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return { documents, uri: `socket://127.0.0.1:${(server.address() as AddressInfo).port}` };
};

t.test('cupsd with a raw queue', skipWithout(...cupsdNeeds), async (t) => {
  const sink = await startSink(t);
  const cupsd = await startCupsd(t);
  await cupsd.addPrinter('raw', sink.uri);
  const uri = `ipp://127.0.0.1:${cupsd.port}/printers/raw`;
  for (const size of sizes) {
    const outcome = await print(port, uri, delivery([document(octets(size, size))]));
    t.match(outcome, { result: 'delivered', evidence: 'confirmed', bytes: size }, JSON.stringify(outcome));
  }
  t.strictSame(
    sink.documents.map((content) => sha256(content)),
    sizes.map((size) => sha256(octets(size, size))),
  );
  t.match(await print(port, uri.replace('raw', 'nobody'), delivery([document('x')])), {
    result: 'unreachable',
    evidence: 'not-started',
  });
});

t.test('a job canceled here is canceled in cupsd', skipWithout(...cupsdNeeds), async (t) => {
  const cupsd = await startCupsd(t);
  // Nobody listens there: the job waits in cupsd.
  await cupsd.addPrinter('dead', 'socket://127.0.0.1:9');
  const what = delivery([document('a job that cupsd cannot print')]);
  const work = print(port, `ipp://127.0.0.1:${cupsd.port}/printers/dead`, what);
  await until(() => what.saw('confirming') || what.saw('stalled'));
  what.abort.abort();
  t.match(await work, { result: 'canceled', evidence: 'partial' });
  await until(async () => /\[Job \d+\].*[Cc]ancel/.test(await cupsd.errorLog()));
});

t.test('ippeveprinter', skipWithout(...ippEvePrinterNeeds), async (t) => {
  const printer = await startIppEvePrinter(t);
  const uri = printer.uri.replace('localhost', '127.0.0.1');
  // It takes ten seconds for a job.
  const contents = [pdf(3_000_001), pdf(65_536)];
  for (const [index, target] of [uri, uri.replace('ipp:', 'ipps:')].entries()) {
    const content = contents[index] ?? Buffer.alloc(0);
    const outcome = await print(port, target, delivery([document(content, { format: 'application/pdf' })]));
    t.match(outcome, { result: 'delivered', evidence: 'confirmed' }, JSON.stringify(outcome));
  }
  t.strictSame(
    (await printer.documents()).map((content) => sha256(content)),
    contents.map((content) => sha256(content)),
  );
});
