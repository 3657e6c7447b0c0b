// Answers to "send queue state" (RFC 1179 sections 5.3 and 5.4 leave their form open): the tables that BSD's lpq prints, which programs read.

export interface QueueEntry {
  readonly id: number;
  readonly state: 'active' | 'waiting' | 'held';
  readonly owner: string;
  /** Name of the job's host; empty when it is not to be shown. */
  readonly host: string;
  /** One per document; empty names are not to be shown. */
  readonly files: readonly { readonly name: string; readonly octets: number }[];
  readonly copies: number;
}

export interface QueueState {
  readonly queue: string;
  /** What the printer does, for people: `ready`, `ready and printing`, `paused: …`. */
  readonly message: string;
  /** In the order in which they will be printed. */
  readonly entries: readonly QueueEntry[];
}

/** Only the entries that the operands of the command name: job numbers or owners (section 5.3); no operands stand for all. */
export const selectEntries = (entries: readonly QueueEntry[], list: readonly string[]): readonly QueueEntry[] =>
  list.length === 0
    ? entries
    : entries.filter((entry) => list.some((word) => word === entry.owner || word === String(entry.id)));

export const formatShortStatus = ({ queue, message, entries }: QueueState): string => {
  const lines = [`${queue} is ${message}`];
  if (entries.length === 0) lines.push('no entries');
  else {
    lines.push('Rank    Owner      Job    Files                                 Total Size');
    const ranks = ranksOf(entries);
    for (const [index, entry] of entries.entries()) {
      const names = shownNames(entry).join(', ');
      lines.push(
        `${column(ranks[index] ?? '', 7)} ${column(entry.owner, 10)} ${column(String(entry.id), 6)} ${column(names, 37)} ${totalOctets(entry)} bytes`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
};

export const formatLongStatus = ({ queue, message, entries }: QueueState): string => {
  const lines = [`${queue} is ${message}`];
  if (entries.length === 0) lines.push('no entries');
  const ranks = ranksOf(entries);
  for (const [index, entry] of entries.entries()) {
    lines.push(
      '',
      `${column(`${entry.owner}: ${ranks[index] ?? ''}`, 40)} [job ${entry.id} ${entry.host}]`.replace(' ]', ']'),
    );
    const prefix = entry.copies > 1 ? `${entry.copies} copies of ` : '';
    for (const { name, octets } of entry.files)
      lines.push(`        ${column(`${prefix}${name || hidden}`, 39)} ${octets} bytes`);
  }
  return `${lines.join('\n')}\n`;
};

const hidden = '(document)';

const shownNames = ({ files }: QueueEntry): string[] => files.map(({ name }) => name || hidden);
const totalOctets = ({ files, copies }: QueueEntry): number =>
  copies * files.reduce((sum, { octets }) => sum + octets, 0);
const column = (text: string, width: number): string =>
  text.length > width ? text.slice(0, width) : text.padEnd(width);

const ranksOf = (entries: readonly QueueEntry[]): string[] => {
  let place = 0;
  return entries.map(({ state }) =>
    state === 'active' ? 'active' : state === 'held' ? 'held' : ordinal((place += 1)),
  );
};

const ordinal = (place: number): string => {
  const teen = place % 100 >= 11 && place % 100 <= 13;
  return `${place}${(teen ? undefined : ['th', 'st', 'nd', 'rd'][place % 10]) ?? 'th'}`;
};
