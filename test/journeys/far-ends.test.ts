// Devices of other makers as the far ends of queues: a document that `lp` hands in arrives there octet for octet.

import t from 'tap';
import { cupsLpdNeeds, startCupsLpd } from '../support/cups-lpd.js';
import { cupsdNeeds, startCupsd } from '../support/cupsd.js';
import { sha256 } from '../support/delivery.js';
import { startDevice } from '../support/device.js';
import { arrived, printAll, startFor } from '../support/far-end.js';
import { startIppPrinterPeer } from '../support/ipp-printer.js';
import { p910ndNeeds, startP910nd } from '../support/p910nd.js';
import { skipWithout } from '../support/peers.js';
import { temporaryDirectory } from '../support/temporary.js';

t.test('p910nd', skipWithout('lp', ...p910ndNeeds), async (t) => {
  const printer = await startP910nd(t);
  const node = await startFor(t, printer.uri);
  // It writes each document over the one before.
  const onPrinted = async (hash: string): Promise<void> => {
    t.equal(sha256(await printer.received()), hash);
  };
  await printAll(t, node, { onPrinted });
});

t.test('cupsd over LPD, as cups-lpd serves it', skipWithout('lp', ...cupsdNeeds, ...cupsLpdNeeds), async (t) => {
  const { emulator, device } = await startDevice(t);
  const cupsd = await startCupsd(t);
  await cupsd.addPrinter('far', device);
  const { port } = await startCupsLpd(t, cupsd, await temporaryDirectory(t));
  const node = await startFor(t, `lpd://127.0.0.1:${port}/far`);
  const hashes = await printAll(t, node);
  for (const hash of hashes) t.match(await emulator.nextJob(20_000), { sha256: hash, whole: true });
});

t.test('cupsd over IPP', skipWithout('lp', ...cupsdNeeds), async (t) => {
  const { emulator, device } = await startDevice(t);
  const cupsd = await startCupsd(t);
  await cupsd.addPrinter('far', device);
  const node = await startFor(t, `ipp://127.0.0.1:${cupsd.port}/printers/far`);
  const hashes = await printAll(t, node);
  for (const hash of hashes) t.match(await emulator.nextJob(20_000), { sha256: hash, whole: true });
});

t.test('ipp-printer of npm', skipWithout('lp'), async (t) => {
  const printer = await startIppPrinterPeer(t);
  const node = await startFor(t, printer.uri);
  const hashes = await printAll(t, node);
  await arrived(t, hashes, () => printer.documents());
});
