// What the device says over SNMP, as the node's own clients see it: over SNMP, with lpstat, in printer-state-reasons.

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { startDevice } from '../support/device.js';
import { type NodeProcess, startNode } from '../support/node-process.js';
import { run, skipWithout } from '../support/peers.js';
import { temporaryDirectory } from '../support/temporary.js';

/** hrPrinterStatus, hrPrinterDetectedErrorState, hrDeviceStatus (RFC 2790). */
const objects = ['.1.3.6.1.2.1.25.3.5.1.1.1', '.1.3.6.1.2.1.25.3.5.1.2.1', '.1.3.6.1.2.1.25.3.2.1.5.1'] as const;

const snmpOf = async (node: NodeProcess): Promise<readonly string[]> => {
  const agent = `127.0.0.1:${node.port('snmp')}`;
  const { stdout, stderr } = await run('snmpget', ['-m', '', '-v2c', '-c', 'public', '-OnqUe', agent, ...objects]);
  const lines = stdout.trimEnd().split('\n');
  return lines.length === 3 ? lines.map((line) => line.slice(line.indexOf(' ') + 1).replace(/[" ]/g, '')) : [stderr];
};

const reasonsOf = async (node: NodeProcess): Promise<string> => {
  const uri = `ipp://${node.server()}/printers/demo`;
  const { stdout } = await run('ipptool', ['-tv', uri, 'get-printer-attributes.test']);
  return /printer-state-reasons \([^)]*\) = (.*)/.exec(stdout)?.[1] ?? stdout;
};

/** Devices are asked every 15 seconds, and within one second when a printer's settings have changed. */
const pollNow = (node: NodeProcess) =>
  node.platen(['printer', 'set', 'demo', '--info', randomBytes(4).toString('hex')]);

const comesTo = async <T>(t: Test, ask: () => Promise<T>, wanted: T, timeoutMs = 8_000): Promise<void> => {
  const deadline = performance.now() + timeoutMs;
  let found = await ask();
  while (JSON.stringify(found) !== JSON.stringify(wanted) && performance.now() < deadline) {
    await delay(100);
    found = await ask();
  }
  t.same(found, wanted);
};

const idle = ['3', '0000', '2'];
const printing = ['4', '0000', '2'];
/** Status `other`, the bit `noPaper`, the device down. */
const outOfPaper = ['1', '4000', '5'];

t.test('idle, printing, out of paper, and idle again', skipWithout('lp', 'lpstat', 'ipptool', 'snmpget'), async (t) => {
  const { emulator, snmp, device } = await startDevice(t);
  const node = await startNode(t, {
    printers: { demo: { device, snmp: { community: 'public', port: snmp.port } } },
  });
  await comesTo(t, () => snmpOf(node), idle);
  await comesTo(t, () => reasonsOf(node), 'none');

  await emulator.behave({ bytesPerSecond: 200_000 });
  const file = path.join(await temporaryDirectory(t), 'letter');
  await writeFile(file, randomBytes(4_000_000));
  await run('lp', ['-h', node.server(), '-d', 'demo', file]);
  await comesTo(t, () => snmpOf(node), printing);
  t.match((await run('lpstat', ['-h', node.server(), '-p', 'demo'])).stdout, /^printer demo now printing demo-1\./);

  emulator.raise('noPaper');
  await pollNow(node);
  await comesTo(t, () => snmpOf(node), outOfPaper);
  await comesTo(t, async () => /media-empty-error/.test(await reasonsOf(node)), true);
  t.match((await run('lpstat', ['-h', node.server(), '-l', '-p', 'demo'])).stdout, /Alerts: .*media-empty/);
  t.match(await node.job(1), { state: 'processing', attempts: { length: 1 } }, 'the job waits for paper');

  await emulator.behave({ bytesPerSecond: Infinity });
  emulator.resume();
  await pollNow(node);
  await node.completed(1);
  await comesTo(t, () => snmpOf(node), idle);
  await comesTo(t, () => reasonsOf(node), 'none');
});
