// What the tests of the IPP port share: a port and its printer, and how the fake clock runs beside real sockets.

import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
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

/** Does not sleep, and is a second older at each look: for what waits on the clock and needs no certain time. */
export const hastyClock = (): Clock => {
  let now = 0;
  return { ...systemClock, sleep: async () => {}, monotonic: () => (now += 1_000) };
};

/**
 * A way to a TCP port of this machine whose first connection is reset once so many octets went through, in that
 * direction. Resolves with its own port.
 */
export const startCutter = async (
  t: Test,
  to: number,
  { fromPrinter, after }: { readonly fromPrinter: boolean; readonly after: number },
): Promise<number> => {
  let connections = 0;
  const server = createServer((near) => {
    connections += 1;
    const far = connect(to, '127.0.0.1');
    let left = connections === 1 ? after : Infinity;
    const pass = (from: Socket, into: Socket, counts: boolean): void => {
      from.on('error', () => into.destroy());
      from.on('close', () => into.destroy());
      from.on('data', (chunk: Buffer) => {
        into.write(chunk.subarray(0, counts ? left : undefined));
        if (counts) left -= chunk.length;
        if (left <= 0) near.resetAndDestroy();
      });
    };
    pass(near, far, !fromPrinter);
    pass(far, near, fromPrinter);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
};

export const letter = octets(300_000, 3);
export const one = (): TestDelivery => delivery([document(letter)]);
export const onlyPrintJob = describe(operations(0x02, 0x08, 0x09, 0x0b));
export const viaCreateJob = ['Get-Printer-Attributes', 'Create-Job', 'Send-Document', 'Get-Job-Attributes'];
export const viaPrintJob = ['Get-Printer-Attributes', 'Print-Job', 'Get-Job-Attributes'];
