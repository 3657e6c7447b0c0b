// What the tests of the IPP port share: a port and its printer, and how the fake clock runs beside real sockets.

import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'tap';
import { type Clock, systemClock } from '../../lib/platform/clock.js';
import { IppPort } from '../../lib/ports/ipp-port.js';
import { delivery, document, octets, type TestDelivery } from './delivery.js';
import type { FakeClock } from './fake-clock.js';
import { describe, type IppPeerOptions, operations, startIppPeer } from './ipp-peer.js';

export const setUp = async (t: Test, options: IppPeerOptions = {}, clock: Clock = systemClock) => {
  const peer = await startIppPeer(options);
  t.teardown(() => peer.close());
  return { peer, port: new IppPort({ clock }), uri: peer.uri };
};

/** Waits for real sockets to do something. */
export const until = async (holds: () => boolean): Promise<void> => {
  for (let tries = 0; !holds(); tries += 1) {
    if (tries > 5_000) throw new Error('what was waited for did not come');
    await delay(1);
  }
};

/** Lets the fake clock run, with real time for the sockets at each step, until the work is done. */
export const running = async <T>(clock: FakeClock, work: Promise<T>, stepMs = 50): Promise<T> => {
  const end = new AbortController();
  const mark = (): void => end.abort();
  work.then(mark, mark);
  while (!end.signal.aborted) {
    await clock.advance(stepMs);
    await delay(1);
  }
  return work;
};

export const letter = octets(300_000, 3);
export const one = (): TestDelivery => delivery([document(letter)]);
export const onlyPrintJob = describe(operations(0x02, 0x08, 0x09, 0x0b));
export const viaCreateJob = ['Get-Printer-Attributes', 'Create-Job', 'Send-Document', 'Get-Job-Attributes'];
export const viaPrintJob = ['Get-Printer-Attributes', 'Print-Job', 'Get-Job-Attributes'];
