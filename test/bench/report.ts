// Pure: the results as a Markdown table.

export interface Figure {
  readonly value: number;
  readonly unit: 'jobs/s' | 'requests/s' | 's' | 'MB/s';
  /** `larger` for rates. */
  readonly better: 'larger' | 'smaller';
}

export interface RowResult {
  readonly row: string;
  readonly what: string;
  /** A text: why there is none. */
  readonly peer: Figure | string;
  readonly platen: Figure;
  readonly wanted: string;
  readonly met: boolean;
  readonly notes: readonly string[];
}

export const rounded = (value: number): string => {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(value < 0.1 ? 3 : 2);
};

export const spell = (figure: Figure | string): string =>
  typeof figure === 'string' ? figure : `${rounded(figure.value)} ${figure.unit}`;

/** How many times better than the peer. */
export const ratioOf = ({ peer, platen }: Pick<RowResult, 'peer' | 'platen'>): number | undefined => {
  if (typeof peer === 'string') return undefined;
  return platen.better === 'larger' ? platen.value / peer.value : peer.value / platen.value;
};

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

const tableRow = (result: RowResult): string => {
  const ratio = ratioOf(result);
  return line([
    result.what,
    spell(result.peer),
    spell(result.platen),
    ratio === undefined ? '–' : `${rounded(ratio)} ×`,
    result.wanted,
    result.met ? 'pass' : 'FAIL',
  ]);
};

/** `machine`: one line about where it was measured. */
export const markdown = (results: readonly RowResult[], machine: string): string => {
  const notes = results.flatMap(({ row, notes: said }) => said.map((note) => `- ${row}: ${note}`));
  return [
    line(['what', 'CUPS', 'Platen', 'ratio', 'wanted', '']),
    line(['---', '---', '---', '---', '---', '---']),
    ...results.map(tableRow),
    '',
    ...notes,
    `- ${machine}`,
    '',
  ].join('\n');
};
