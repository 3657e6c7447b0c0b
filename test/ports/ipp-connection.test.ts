import { readFile } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { systemClock } from '../../lib/platform/clock.js';
import { IppPort } from '../../lib/ports/ipp-port.js';
import { SystemTrust } from '../../lib/ports/system-trust.js';
import { groupTags } from '../../lib/protocols/ipp/tags.js';
import { group } from '../../lib/protocols/ipp/values.js';
import { delivery, document, octets, print } from '../support/delivery.js';
import { description, job } from '../support/ipp-peer.js';
import { setUp, until, letter, one } from '../support/ipp-trial.js';
import { publicFolder, run as runProgram, skipWithout } from '../support/peers.js';

t.test('nobody there', async (t) => {
  const { peer, port, uri } = await setUp(t);
  await peer.close();
  t.match(await print(port, uri, one()), {
    result: 'unreachable',
    evidence: 'not-started',
    detail: /refuses connections/,
  });
});

t.test('a printer that closes the connection after each answer', async (t) => {
  const { peer, port, uri } = await setUp(t, {
    on: {
      'Get-Printer-Attributes': () => ({ close: true, groups: [group(groupTags.printer, ...description)] }),
      'Create-Job': () => {
        peer.jobs.set(4, []);
        return { close: true, groups: [job(4, 3)] };
      },
    },
  });
  const what = one();
  t.match(await print(port, uri, what), { result: 'delivered', evidence: 'confirmed' });
  t.equal(peer.connections, 3);
  t.strictSame(what.begun, [peer.of('Create-Job')[0]?.remotePort], 'begin was told the port of the later connection');
});

t.test('ipps', skipWithout('openssl'), async (t) => {
  const folder = await publicFolder(t, 'ipps');
  const args =
    'req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=printer.test -addext subjectAltName=IP:127.0.0.1';
  t.equal((await runProgram('openssl', args.split(' '), { cwd: folder })).status, 0);
  const [key, cert] = await Promise.all(
    ['key.pem', 'cert.pem'].map((name) => readFile(path.join(folder, name), 'utf8')),
  );
  const { peer, port, uri } = await setUp(t, { tls: { key: key ?? '', cert: cert ?? '' }, readAtMost: 20_000_000 });
  t.match(uri, /^ipps:/);

  await t.test('takes any certificate unless told otherwise', async (t) => {
    t.match(await print(port, uri, one()), { result: 'delivered', evidence: 'confirmed', bytes: letter.length });
    t.ok(peer.jobs.get(1)?.[0]?.equals(letter));
    t.equal(peer.calls[0]?.value('printer-uri'), uri);
    t.equal(peer.connections, 1);
  });
  await t.test('refuses a certificate that is not trusted where that is asked for', async (t) => {
    const what = one();
    const outcome = await print(port, uri, what, { tlsVerify: true });
    t.match(outcome, { result: 'unreachable', evidence: 'not-started', detail: /certificate is not trusted/ });
    t.strictSame(what.begun, []);
  });
  await t.test('takes a certificate that the machine trusts', async (t) => {
    const trusting = new IppPort({ clock: systemClock, trust: new SystemTrust(path.join(folder, 'cert.pem')) });
    t.match(await print(trusting, uri, one(), { tlsVerify: true }), { result: 'delivered', evidence: 'confirmed' });
    const elsewhere = await print(trusting, uri.replace('127.0.0.1', 'localhost'), one(), { tlsVerify: true });
    t.match(elsewhere, { result: 'unreachable', detail: /not trusted \(ERR_TLS_CERT_ALTNAME_INVALID\)/ });
  });
  await t.test('a cancel resets the connection under the TLS', async (t) => {
    const what = delivery([document(octets(60_000_000))]);
    const work = print(port, uri, what);
    await until(() => (peer.of('Send-Document').at(-1)?.document.length ?? 0) > 1_000_000);
    what.abort.abort();
    t.match(await work, { result: 'canceled', evidence: 'partial' });
    await until(() => peer.open === 0);
    t.notOk(peer.of('Send-Document').at(-1)?.whole);
  });
  await t.test('a printer that does not speak TLS', async (t) => {
    const plain = await setUp(t);
    const outcome = await print(port, plain.uri.replace('ipp:', 'ipps:'), one());
    t.match(outcome, { result: 'unreachable', evidence: 'not-started' });
  });
});

t.test('a local address is the source of every connection', async (t) => {
  const { peer, port, uri } = await setUp(t);
  const seen = new Set<string | undefined>();
  await print(
    port,
    uri,
    delivery([document('x')], {
      begin: async () => {
        for (const { socket } of peer.calls) seen.add(socket.remoteAddress);
      },
    }),
    { localAddress: '127.0.0.9' },
  );
  t.strictSame([...seen], ['127.0.0.9']);
});
