// What a host name stands for in multicast DNS (RFC 6762): its addresses, and the word that it has nothing else.

import { encodeData } from '../dns/codecs.js';
import { addressData, classes, type DnsRecord, types } from '../dns/message.js';

export interface Host {
  /** In lower case, such as `sales.local`. */
  readonly name: string;
  readonly addresses: readonly string[];
}

/** Seconds: section 10 for records that hold a host's name. */
export const hostTtl = 120;
/** Section 10.2: whoever has other records of this name, type and class drops them. In questions: a unicast answer is welcome (5.4). */
export const topBit = 0x8000;
export const classOf = (record: { readonly class: number }): number => record.class & ~topBit;

/** A and AAAA. */
export const addressRecords = ({ name, addresses }: Host): readonly DnsRecord[] =>
  addresses.map((address) => ({ name, class: classes.in | topBit, ttl: hostTtl, ...addressData(address) }));

/** Section 6.1: the types that the name has, and with them those that it has not. */
export const nsecRecord = (host: Host): DnsRecord => {
  const has = addressRecords(host).map(({ type }) => type);
  const rrtypes = [...(has.includes(types.a) ? ['A'] : []), ...(has.includes(types.aaaa) ? ['AAAA'] : [])];
  const data = encodeData('NSEC', { nextDomain: host.name, rrtypes });
  return { name: host.name, type: types.nsec, class: classes.in | topBit, ttl: hostTtl, data };
};

export const isSameData = (one: DnsRecord, other: DnsRecord): boolean =>
  one.type === other.type && classOf(one) === classOf(other) && Buffer.compare(one.data, other.data) === 0;

/** Section 8.2: class, then type, then data, the octets as they are. */
const inOrder = (one: DnsRecord, other: DnsRecord): number =>
  classOf(one) - classOf(other) || one.type - other.type || Buffer.compare(one.data, other.data);

/** Of two hosts that probe for one name at the same time: below 0 when ours yields, 0 when both want the same (section 8.2). */
export const tieBreak = (ours: readonly DnsRecord[], theirs: readonly DnsRecord[]): number => {
  const [mine, yours] = [ours, theirs].map((records) => records.toSorted(inOrder));
  for (const [index, record] of (mine ?? []).entries()) {
    const other = yours?.[index];
    const order = other === undefined ? 1 : inOrder(record, other);
    if (order !== 0) return order;
  }
  return (mine?.length ?? 0) - (yours?.length ?? 0);
};
