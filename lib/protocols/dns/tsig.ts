// Transaction signatures (RFC 8945): what makes an UPDATE ours, and its answer the server's.

import { ProtocolError } from '../../errors.js';
import { decodeName, encodeName } from './codecs.js';
import { classes, readMessage, recordOctets, type ReadMessage, types, uint16, uint32 } from './message.js';

export interface TsigKey {
  readonly name: string;
  /** As on the wire, such as `hmac-sha256`. */
  readonly algorithm: string;
  /** The whole MAC, never truncated. */
  readonly mac: (octets: Uint8Array) => Uint8Array;
}

/** Seconds by which two clocks may differ (section 10). */
const fudge = 300;

interface Variables {
  /** Seconds since 1970. */
  readonly time: number;
  readonly fudge: number;
  readonly error: number;
  readonly other: Uint8Array;
}

const uint48 = (value: number): Buffer => {
  const octets = Buffer.alloc(6);
  octets.writeUIntBE(value, 0, 6);
  return octets;
};

/** Section 4.3.3. */
const digested = ({ name, algorithm }: TsigKey, { time, fudge: most, error, other }: Variables): Buffer =>
  Buffer.concat([
    encodeName(name.toLowerCase()),
    uint16(classes.any),
    uint32(0),
    encodeName(algorithm),
    uint48(time),
    uint16(most, error, other.length),
    other,
  ]);

/** `time`: seconds since 1970. */
export const signed = (
  message: Buffer,
  key: TsigKey,
  time: number,
): { readonly octets: Buffer; readonly mac: Buffer } => {
  const variables = { time, fudge, error: 0, other: Buffer.alloc(0) };
  const mac = Buffer.from(key.mac(Buffer.concat([message, digested(key, variables)])));
  const data = Buffer.concat([
    encodeName(key.algorithm),
    uint48(time),
    uint16(fudge, mac.length),
    mac,
    message.subarray(0, 2),
    uint16(0, 0),
  ]);
  const record = recordOctets({ name: key.name, type: types.tsig, class: classes.any, ttl: 0, data });
  const octets = Buffer.concat([message, record]);
  octets.writeUInt16BE(message.readUInt16BE(10) + 1, 10);
  return { octets, mac };
};

interface Signature extends Variables {
  readonly mac: Buffer;
  readonly originalId: number;
  readonly algorithm: string;
}

const readSignature = (octets: Buffer): Signature => {
  try {
    const { name, end } = decodeName(octets, 0);
    const macEnd = end + 10 + octets.readUInt16BE(end + 8);
    const otherAt = macEnd + 6;
    const otherEnd = otherAt + octets.readUInt16BE(macEnd + 4);
    if (otherEnd !== octets.length) throw new Error('lengths that do not fit');
    return {
      algorithm: name.toLowerCase(),
      time: octets.readUIntBE(end, 6),
      fudge: octets.readUInt16BE(end + 6),
      mac: octets.subarray(end + 10, macEnd),
      originalId: octets.readUInt16BE(macEnd),
      error: octets.readUInt16BE(macEnd + 2),
      other: octets.subarray(otherAt, otherEnd),
    };
  } catch (error) {
    throw new ProtocolError('malformed', `a signature of ${error instanceof Error ? error.message : String(error)}`);
  }
};

const isSame = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length &&
  one.reduce((differs, octet, index) => differs | (octet ^ (other[index] ?? 0)), 0) === 0;

/** Section 3. */
const errors: Readonly<Record<number, string>> = {
  16: 'BADSIG: the secret is not the one that the server has',
  17: 'BADKEY: the server does not know the key',
  18: 'BADTIME: the clocks of this node and the server differ too much',
  22: 'BADTRUNC: the server takes no MAC of this length',
};

export type Verified =
  | { readonly ok: true; readonly message: ReadMessage }
  /** `message`: what the server, or somebody, said; absent when it is no message. */
  | { readonly ok: false; readonly reason: string; readonly message?: ReadMessage };

/** Whether the answer to what was signed with `requestMac` comes from who has the key (section 5.3). Never throws for what it reads. */
export const verified = (
  octets: Buffer,
  { key, requestMac, time }: { readonly key: TsigKey; readonly requestMac: Uint8Array; readonly time: number },
): Verified => {
  let message: ReadMessage;
  let signature: Signature;
  try {
    message = readMessage(octets);
    const last = message.additionals.at(-1);
    // Section 4.2 says these of the record itself; the MAC covers them as they must be, not as they are.
    if (last?.type !== types.tsig || last.class !== classes.any || last.ttl !== 0)
      return { ok: false, reason: 'the answer is not signed', message };
    if (last.name !== key.name.toLowerCase())
      return { ok: false, reason: 'the answer is signed with another key', message };
    signature = readSignature(Buffer.from(last.data));
  } catch (error) {
    if (error instanceof ProtocolError) return { ok: false, reason: error.message };
    throw error;
  }
  const refused = (reason: string): Verified => ({ ok: false, reason, message });
  const { error, mac } = signature;
  const said = error === 0 ? undefined : (errors[error] ?? `TSIG error ${error}`);
  if (said !== undefined && mac.length === 0) return refused(said);
  if (signature.algorithm !== key.algorithm) return refused('the answer is signed with another algorithm');
  const unsigned = Buffer.from(octets.subarray(0, message.lastRecordAt));
  unsigned.writeUInt16BE(signature.originalId, 0);
  unsigned.writeUInt16BE(unsigned.readUInt16BE(10) - 1, 10);
  const input = Buffer.concat([uint16(requestMac.length), requestMac, unsigned, digested(key, signature)]);
  if (!isSame(mac, key.mac(input))) return refused('the signature of the answer is wrong');
  if (said !== undefined) return refused(said);
  if (Math.abs(time - signature.time) > fudge) return refused('the answer was signed at another time');
  return { ok: true, message };
};
