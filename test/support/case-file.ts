// Reads a cluster case: a story in plain text, one line for each fact or expectation (STYLE, "A cluster case").

export interface AtLine {
  readonly node: string;
  /** `fence a`, `claim sales after=7`; none: it should do nothing. */
  readonly actions: readonly string[];
  /** What one of its sentences should say; undefined: anything. */
  readonly because: string | undefined;
}

export type Line =
  | { readonly kind: 'at'; readonly number: number; readonly text: string; readonly at: AtLine }
  | { readonly kind: 'fact'; readonly number: number; readonly text: string; readonly words: readonly string[] };

export interface Case {
  readonly name: string;
  /** The comment lines at its head. */
  readonly title: string;
  readonly lines: readonly Line[];
}

const atLine = (text: string): AtLine => {
  const [expected = '', because] = text.split('|').map((part) => part.trim());
  const [, node = '', rest = ''] = /^at (\S+)\s+(.*)$/.exec(expected) ?? [];
  const actions = rest === 'nothing' ? [] : rest.split(';').map((action) => action.trim().replace(/\s+/g, ' '));
  return { node, actions, because };
};

export const parseCase = (name: string, source: string): Case => {
  const numbered = source.split('\n').map((text, index) => ({ text: text.trim(), number: index + 1 }));
  const title = numbered
    .filter(({ text }) => text.startsWith('#'))
    .map(({ text }) => text.replace(/^#\s*/, ''))
    .join(' ');
  const lines = numbered
    .filter(({ text }) => text !== '' && !text.startsWith('#'))
    .map(({ text, number }): Line => {
      if (text.startsWith('at ')) return { kind: 'at', number, text, at: atLine(text) };
      return { kind: 'fact', number, text, words: text.split(/\s+/) };
    });
  return { name, title, lines };
};
