// A node with one queue, and what its device must have got at the end.

import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'tap';
import { writeBigFile } from './big-file.js';
import { sha256 } from './delivery.js';
import { loopbackAddress } from './device.js';
import { groupOn, type NodeProcess, startNode } from './node-process.js';
import { run } from './peers.js';
import { temporaryDirectory } from './temporary.js';

const portOf = (uri: string): number => Number(new URL(uri.replace(/^\w+:/, 'http:')).port);

/** A node with one printer `demo` on the device. */
export const startFor = (t: Test, device: string): Promise<NodeProcess> =>
  startNode(t, {
    config: {
      groups: { print: groupOn(loopbackAddress(), { demo: { device } }) },
      admin: { port: 0 },
      devicePorts: [portOf(device)],
    },
  });

export interface Sending {
  readonly lengths?: readonly number[];
  /** What each document begins with. */
  readonly head?: string;
  /** Called with each job's end. */
  readonly onPrinted?: (sha256: string) => Promise<void>;
}

/** Prints documents with `lp`, one after the other, each of them seen to its end; resolves with their hashes. */
export const printAll = async (t: Test, node: NodeProcess, sending: Sending = {}): Promise<readonly string[]> => {
  const { lengths = [1, 10_000, 3_000_001], head = '', onPrinted } = sending;
  const directory = await temporaryDirectory(t);
  const hashes: string[] = [];
  for (const [index, length] of lengths.entries()) {
    const file = path.join(directory, String(length));
    await writeBigFile(file, length);
    const content = Buffer.concat([Buffer.from(head), await readFile(file)]);
    await writeFile(file, content);
    hashes.push(sha256(content));
    const { status, stderr } = await run('lp', ['-h', node.server(), '-d', 'demo', file]);
    t.equal(status, 0, stderr);
    t.match(await node.completed(index + 1, 60_000), { attempts: [{ result: 'delivered' }] });
    await onPrinted?.(sha256(content));
  }
  return hashes;
};

/** Waits until the device has these documents and no others. */
export const arrived = async (t: Test, hashes: readonly string[], documents: () => Promise<readonly Uint8Array[]>) => {
  const deadline = performance.now() + 10_000;
  const found = async () => (await documents()).map((document) => sha256(document));
  while (String(await found()) !== String(hashes) && performance.now() < deadline) await delay(100);
  t.same(await found(), hashes);
};
