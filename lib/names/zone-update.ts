// Sends one update to the server of a zone and judges the answer: nothing counts as done that is not signed with our key.

import { createHmac, randomInt } from 'node:crypto';
import { open } from 'node:fs/promises';
import { ProtocolError } from '../errors.js';
import type { Clock } from '../platform/clock.js';
import { readMessage } from '../protocols/dns/message.js';
import { signed, type TsigKey, verified } from '../protocols/dns/tsig.js';
import {
  isResponse,
  isTruncated,
  opcodeOf,
  rcodeOf,
  rcodeText,
  removingUpdate,
  replacingUpdate,
  updateOpcode,
} from '../protocols/dns/update.js';
import { type DnsServer, exchange } from './dns-exchange.js';

/** A zone whose server takes updates. */
export interface Zone {
  /** Its name, in lower case. */
  readonly zone: string;
  readonly server: DnsServer;
  /** `secretFile` holds the secret in base64, and nobody but its owner may read it. */
  readonly key: { readonly name: string; readonly algorithm: string; readonly secretFile: string };
}

export interface Wish {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly there: boolean;
}

/** Seconds. A name that moves keeps its address, so that caches may hold it; what was removed is gone from them soon. */
const ttl = 120;
const leastSecret = 16;
const mostSecretText = 4_096;

/** Read at each use: a new secret needs no restart. Throws the reason. */
const secretOf = async (file: string): Promise<Buffer> => {
  const handle = await open(file, 'r');
  try {
    const { mode, size } = await handle.stat();
    if ((mode & 0o077) !== 0) throw new Error(`others may read ${file}: chmod 600 it`);
    if (size > mostSecretText) throw new Error(`${file} is no secret in base64`);
    const text = (await handle.readFile('latin1')).trim();
    const secret = Buffer.from(text, 'base64');
    if (!/^[A-Za-z0-9+/]+=*$/.test(text) || secret.length < leastSecret)
      throw new Error(`${file} holds no base64 of ${leastSecret} octets or more`);
    return secret;
  } finally {
    await handle.close();
  }
};

const keyOf = async ({ name, algorithm, secretFile }: Zone['key']): Promise<TsigKey> => {
  const secret = await secretOf(secretFile);
  const hash = algorithm.replace('hmac-', '');
  return { name, algorithm, mac: (octets) => createHmac(hash, secret).update(octets).digest() };
};

const judging = (id: number) => (octets: Buffer) => {
  try {
    const message = readMessage(octets);
    if (message.id !== id || !isResponse(message) || opcodeOf(message) !== updateOpcode) return 'other';
    return isTruncated(message) ? 'truncated' : 'answer';
  } catch (error) {
    if (error instanceof ProtocolError) return 'other';
    throw error;
  }
};

/** Resolves when the server has it on record; rejects with the reason. */
export const updateZone = async (
  { zone, server, key: settings }: Zone,
  { name, addresses, there }: Wish,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> => {
  const key = await keyOf(settings);
  const change = { id: randomInt(0x1_0000), zone, name, addresses };
  const update = there ? replacingUpdate(change, ttl) : removingUpdate(change);
  const seconds = (): number => Math.floor(clock.wall() / 1_000);
  const { octets, mac } = signed(update, key, seconds());
  const answer = await exchange(octets, { server, judge: judging(change.id), signal });
  const judged = verified(answer, { key, requestMac: mac, time: seconds() });
  const rcode = judged.message === undefined ? 0 : rcodeOf(judged.message);
  const reasons = [...(rcode === 0 ? [] : [rcodeText(rcode)]), ...(judged.ok ? [] : [judged.reason])];
  if (reasons.length > 0) throw new Error(reasons.join('; '));
};
