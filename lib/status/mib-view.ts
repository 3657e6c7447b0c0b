// A read-only tree of SNMP objects as columns over rows, in the order of their names. Nothing is written out: 6,000 printers cost no memory here.

import type { Oid } from '../protocols/snmp/ber.js';
import type { SnmpValue } from '../protocols/snmp/message.js';

/** One column of a table, or a scalar: a column whose only instance is `.0`. */
export interface Column {
  readonly prefix: Oid;
  /** How many instances there are. */
  readonly count: number;
  /** What follows the prefix in the name of the instance at `position`; grows with it. */
  suffix(position: number): Oid;
  value(position: number): SnmpValue;
}

export interface Instance {
  readonly name: Oid;
  readonly value: SnmpValue;
}

export const parseOid = (text: string): Oid => text.split('.').map(Number);

export const scalar = (object: string, value: () => SnmpValue): Column => ({
  prefix: parseOid(object),
  count: 1,
  suffix: () => [0],
  value,
});

/** Lexicographic; a name comes before all that it is a prefix of. */
export const compareOids = (a: Oid, b: Oid): number => {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i += 1) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
};

const isWithin = (prefix: Oid, name: Oid): boolean =>
  name.length >= prefix.length && prefix.every((arc, i) => arc === name[i]);

/** The first position whose suffix is not below `rest`; `count` if there is none. */
const positionFrom = (column: Column, rest: Oid): number => {
  let low = 0;
  let high = column.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareOids(column.suffix(middle), rest) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
};

export class MibView {
  readonly #columns: readonly Column[];

  constructor(columns: readonly Column[]) {
    this.#columns = columns.toSorted((a, b) => compareOids(a.prefix, b.prefix));
  }

  get(name: Oid): SnmpValue {
    const column = this.#columns.find((candidate) => isWithin(candidate.prefix, name));
    if (column === undefined) return { type: 'noSuchObject' };
    const rest = name.slice(column.prefix.length);
    const position = positionFrom(column, rest);
    if (position >= column.count || compareOids(column.suffix(position), rest) !== 0) return { type: 'noSuchInstance' };
    return column.value(position);
  }

  /** The first instance after `name`. */
  next(name: Oid): Instance | undefined {
    for (const column of this.#columns) {
      const position = this.#positionAfter(column, name);
      if (position < column.count) {
        return { name: [...column.prefix, ...column.suffix(position)], value: column.value(position) };
      }
    }
    return undefined;
  }

  #positionAfter(column: Column, name: Oid): number {
    if (!isWithin(column.prefix, name)) return compareOids(column.prefix, name) > 0 ? 0 : column.count;
    const rest = name.slice(column.prefix.length);
    const position = positionFrom(column, rest);
    const isExact = position < column.count && compareOids(column.suffix(position), rest) === 0;
    return isExact ? position + 1 : position;
  }
}
