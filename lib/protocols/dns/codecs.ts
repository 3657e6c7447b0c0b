// The codecs of dns-packet that we use and that its types do not name: names with their compression, and the data of one record.

import { name as packetName, record as packetRecord } from 'dns-packet';

interface Codec<Value> {
  encode(value: Value): Buffer;
  decode: { (octets: Buffer, at: number): Value; readonly bytes: number };
}

declare module 'dns-packet' {
  export const name: Codec<string>;
  export function record(type: string): { encode(data: unknown): Buffer };
}

/** Wire form, without compression. */
export const encodeName = (name: string): Buffer => packetName.encode(name);

/** `end`: where what follows the name begins. Throws what dns-packet throws. */
export const decodeName = (octets: Buffer, at: number): { readonly name: string; readonly end: number } => {
  const name = packetName.decode(octets, at);
  return { name, end: at + packetName.decode.bytes };
};

/** RDATA without its length. */
export const encodeData = (type: 'A' | 'AAAA' | 'NSEC', data: unknown): Buffer =>
  packetRecord(type).encode(data).subarray(2);
