import t, { type Test } from 'tap';
import { IppPort } from '../../lib/ports/ipp-port.js';
import { delivery, document, octets, print } from '../support/delivery.js';
import { FakeClock } from '../support/fake-clock.js';
import { describe, type IppPeerOptions, job, operations, startIppPeer } from '../support/ipp-peer.js';
import { boolean, enumValue, keyword, mimeType, range } from '../../lib/protocols/ipp/values.js';

const setUp = async (t: Test, options: IppPeerOptions = {}) => {
  const peer = await startIppPeer(options);
  t.teardown(() => peer.close());
  const clock = new FakeClock();
  return { peer, clock, port: new IppPort({ clock }), uri: peer.uri };
};

/** Prints while the fake clock runs as fast as the sockets allow. */
const run = async <T>(clock: FakeClock, work: Promise<T>): Promise<T> => {
  let done = false;
  const finished = work.finally(() => (done = true));
  finished.catch(() => {});
  await clock.advanceUntil(() => done, { stepMs: 10 });
  return finished;
};

const letter = octets(300_000, 3);
const onlyPrintJob = describe(operations(0x02, 0x08, 0x09, 0x0b));

t.test('a job goes by Create-Job and Send-Document and is followed to its end', async (t) => {
  const { peer, clock, port, uri } = await setUp(t);
  const what = delivery([document(letter, { name: 'a.pdf', format: 'application/pdf' })]);
  t.strictSame(await run(clock, print(port, uri, what)), {
    result: 'delivered',
    evidence: 'confirmed',
    detail: 'the printer completed the job (job-completed-successfully)',
    bytes: letter.length,
  });
  t.strictSame(peer.operations(), ['Get-Printer-Attributes', 'Create-Job', 'Send-Document', 'Get-Job-Attributes']);
  t.ok(peer.jobs.get(1)?.[0]?.equals(letter));
  const [, created, sent] = peer.calls;
  t.equal(created?.value('job-name'), 'letter.txt');
  t.equal(created?.value('requesting-user-name'), 'alice');
  t.equal(created?.value('printer-uri'), uri);
  t.equal(created?.value('copies'), undefined);
  t.equal(sent?.value('document-format'), 'application/pdf');
  t.equal(sent?.value('last-document'), true);
  t.equal(sent?.value('document-name'), 'a.pdf');
  t.ok(Number(sent?.headers['content-length']) > letter.length, 'the length is announced');
  t.equal(peer.connections, 1);
  t.strictSame(what.begun, [created?.remotePort], 'begin was told the port that the job came from');
  await clock.advance(0);
  t.equal(peer.open, 0, 'nothing stays open');
});

t.test('a printer without Create-Job gets Print-Job', async (t) => {
  const { peer, clock, port, uri } = await setUp(t, { attributes: onlyPrintJob });
  t.match(await run(clock, print(port, uri, delivery([document(letter)]))), {
    result: 'delivered',
    evidence: 'confirmed',
  });
  t.strictSame(peer.operations(), ['Get-Printer-Attributes', 'Print-Job', 'Get-Job-Attributes']);
  t.ok(peer.jobs.get(1)?.[0]?.equals(letter));
});
