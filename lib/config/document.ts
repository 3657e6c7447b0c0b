// One YAML document checked against one schema: every problem with its line and column, unknown keys with a suggestion.

import { isMap, isNode, isScalar, LineCounter, parseDocument, visit, type Document } from 'yaml';
import type { core, z } from 'zod';

export interface ConfigProblem {
  /** Both from 1; 0 where the problem lies in no line of a file. */
  readonly line: number;
  readonly column: number;
  /** Keys from the root to the place, joined by dots; empty for the document itself. */
  readonly path: string;
  readonly message: string;
}

type Path = readonly PropertyKey[];

/** Schema of one section, as far as it must be known to name its keys. */
type Schema = core.$ZodType;

/** The configuration cannot be used. Its message lists every problem as `file:line:column: path: message`. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];

  constructor(fileName: string, problems: readonly ConfigProblem[]) {
    super(problems.map((problem) => formatProblem(fileName, problem)).join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

const formatProblem = (fileName: string, { line, column, path, message }: ConfigProblem): string =>
  `${fileName}${line === 0 ? '' : `:${line}:${column}`}: ${path === '' ? '' : `${path}: `}${message}`;

/** Reads `text` as YAML and checks it; throws ConfigError with everything that is wrong. An empty value counts as not given. */
export const readDocument = <S extends z.ZodType>(text: string, fileName: string, schema: S): z.output<S> => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  if (document.errors.length > 0)
    throw new ConfigError(
      fileName,
      document.errors.map((error) => ({ ...at(error.pos[0]), path: '', message: error.message })),
    );
  const problem = (path: Path, message: string, wholeKey?: string): ConfigProblem => ({
    ...at(offsetOf(document, path, wholeKey)),
    path: [...path, ...(wholeKey === undefined ? [] : [wholeKey])].map(String).join('.'),
    message,
  });
  visit(document, {
    Pair: (_, { key }) => {
      // Objects cannot carry this key as they do others: it would vanish.
      if (isScalar(key) && key.value === '__proto__')
        throw new ConfigError(fileName, [
          { ...at(key.range?.[0] ?? 0), path: '', message: '"__proto__" cannot be a name' },
        ]);
    },
  });
  const checked = schema.safeParse(withoutEmpty(valueOf(document, fileName)) ?? {});
  if (checked.success) return checked.data;
  throw new ConfigError(
    fileName,
    checked.error.issues.flatMap((issue) => {
      if (issue.code === 'unrecognized_keys')
        return issue.keys.map((key) => problem(issue.path, unknownKey(key, keysAt(schema, issue.path)), key));
      if (issue.code === 'invalid_key') {
        const reason = issue.issues[0]?.message ?? issue.message;
        return [problem(issue.path.slice(0, -1), reason, String(issue.path.at(-1)))];
      }
      return [problem(issue.path, issue.message)];
    }),
  );
};

const valueOf = (document: Document, fileName: string): unknown => {
  try {
    return document.toJS();
  } catch (error) {
    // Aliases that name no anchor, or that would expand without end.
    throw new ConfigError(fileName, [{ line: 1, column: 1, path: '', message: (error as Error).message }]);
  }
};

const withoutEmpty = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (value === null) return undefined;
  if (typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => [key, withoutEmpty(inner)]),
  );
};

/** Where the value at `path` starts, or the key `wholeKey` in it; for what is missing, the nearest thing around it. */
const offsetOf = (document: Document, path: Path, wholeKey?: string): number => {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (!isNode(node)) continue;
    const key = length === path.length && wholeKey !== undefined && isMap(node) ? keyNode(node.items, wholeKey) : node;
    return (key ?? node).range?.[0] ?? 0;
  }
  return 0;
};

const keyNode = (pairs: readonly { readonly key: unknown }[], name: string) =>
  pairs.map(({ key }) => key).find((key) => isScalar(key) && String(key.value) === name) as
    | { range?: readonly number[] | null | undefined }
    | undefined;

/** The keys that the schema knows at `path`; empty where any name may stand. */
const keysAt = (schema: Schema, path: Path): readonly string[] => {
  const { def } = (schema as core.$ZodTypes)._zod;
  if (def.type === 'default' || def.type === 'prefault' || def.type === 'optional') return keysAt(def.innerType, path);
  if (def.type === 'pipe') return keysAt(def.in, path);
  const [first, ...rest] = path;
  if (def.type === 'object') {
    if (first === undefined) return Object.keys(def.shape);
    const inner = def.shape[String(first)];
    return inner === undefined ? [] : keysAt(inner, rest);
  }
  if (def.type === 'record') return keysAt(def.valueType, rest);
  if (def.type === 'array') return keysAt(def.element, rest);
  return [];
};

const unknownKey = (key: string, known: readonly string[]): string => {
  const [nearest] = known
    .map((candidate) => ({ candidate, distance: editDistance(key.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  if (nearest !== undefined && nearest.distance <= Math.max(2, key.length / 3))
    return `there is no such key; did you mean "${nearest.candidate}"?`;
  return `there is no such key${known.length === 0 ? '' : `; known here: ${known.join(', ')}`}`;
};

/** Levenshtein's distance. */
const editDistance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of a.split('').entries()) {
    const next = [i + 1];
    for (const [j, other] of b.split('').entries())
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)));
    row = next;
  }
  return row[b.length] ?? 0;
};
