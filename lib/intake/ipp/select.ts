// requested-attributes (RFC 8011 sections 4.2.5.1 and 4.3.4.1): which attributes of a table an answer carries.

import { keywordsOf } from '../../protocols/ipp/lookup.js';
import type { IppAttribute, IppGroup, IppValue } from '../../protocols/ipp/values.js';

/** One row a name: its values for this subject; undefined where the subject has none. */
export type AttributeTable<Subject> = Readonly<
  Record<string, (subject: Subject) => IppValue | readonly IppValue[] | undefined>
>;

/** The names asked for, group names resolved, in the table's order; unknown names fall out. */
export const requestedNames = (
  operation: IppGroup,
  {
    names,
    groups,
    byDefault,
  }: {
    names: readonly string[];
    /** What each group keyword stands for; `all` is every name. */
    groups: Readonly<Record<string, readonly string[]>>;
    /** What is meant when nothing is requested. */
    byDefault: readonly string[];
  },
): readonly string[] => {
  const requested = keywordsOf(operation, 'requested-attributes');
  if (requested.length === 0) return byDefault;
  if (requested.includes('all')) return names;
  const wanted = new Set(requested.flatMap((name) => (Object.hasOwn(groups, name) ? (groups[name] ?? []) : [name])));
  return names.filter((name) => wanted.has(name));
};

export const selectAttributes = <Subject>(
  table: AttributeTable<Subject>,
  names: readonly string[],
  subject: Subject,
): IppAttribute[] => {
  const attributes: IppAttribute[] = [];
  for (const name of names) {
    const found = table[name]?.(subject);
    if (found === undefined) continue;
    const values = Array.isArray(found) ? (found as readonly IppValue[]) : [found as IppValue];
    if (values.length > 0) attributes.push({ name, values });
  }
  return attributes;
};
