// Dynamic updates (RFC 2136): a name's addresses replaced as a whole, or taken out of their zone.

import { addressData, classes, flags, type Message, types, writeMessage } from './message.js';

/** The operation of section 2.2. */
export const updateOpcode = 5;

export interface ZoneChange {
  readonly id: number;
  readonly zone: string;
  readonly name: string;
  readonly addresses: readonly string[];
}

const update = ({ id, zone }: ZoneChange, changes: Message['authorities']): Buffer =>
  writeMessage({
    id,
    flags: updateOpcode << 11,
    questions: [{ name: zone, type: types.soa, class: classes.in }],
    authorities: changes,
  });

/** Whatever addresses the name had, it has these: one atomic change without a prerequisite, and the same again changes nothing (section 2.5). */
export const replacingUpdate = (change: ZoneChange, ttl: number): Buffer => {
  const { name, addresses } = change;
  const empty = { name, class: classes.any, ttl: 0, data: Buffer.alloc(0) };
  return update(change, [
    { ...empty, type: types.a },
    { ...empty, type: types.aaaa },
    ...addresses.map((address) => ({ name, class: classes.in, ttl, ...addressData(address) })),
  ]);
};

/** Exactly these addresses go: what others wrote under the name stays (section 2.5.4). */
export const removingUpdate = (change: ZoneChange): Buffer => {
  const { name, addresses } = change;
  return update(
    change,
    addresses.map((address) => ({ name, class: classes.none, ttl: 0, ...addressData(address) })),
  );
};

export const opcodeOf = (message: Pick<Message, 'flags'>): number => (message.flags >> 11) & 15;
export const isResponse = (message: Pick<Message, 'flags'>): boolean => (message.flags & flags.response) !== 0;
export const isTruncated = (message: Pick<Message, 'flags'>): boolean => (message.flags & flags.truncated) !== 0;
export const rcodeOf = (message: Pick<Message, 'flags'>): number => message.flags & 15;

/** Section 2.2, and RFC 1035 section 4.1.1. */
const rcodes: Readonly<Record<number, string>> = {
  1: 'FORMERR: it does not understand the update',
  2: 'SERVFAIL: it has a trouble of its own',
  3: 'NXDOMAIN: the name does not exist',
  4: 'NOTIMP: it takes no updates',
  5: 'REFUSED: its policy does not let this key change the name',
  9: 'NOTAUTH: it is not authoritative for the zone, or did not accept the key',
  10: 'NOTZONE: the name is not within the zone',
};

export const rcodeText = (rcode: number): string => rcodes[rcode] ?? `answer code ${rcode}`;
