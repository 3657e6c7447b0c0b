// Keeps on record which versions of records a group has (`formats/<group>`), so that nodes of an older build do not take it. It is put before the
// first record of a newer version is; while there are none it does not exist.

import { PlatenError } from '../errors.js';
import { formatsFault, type FormatsRecord, type RecordKind } from '../model/versions.js';
import { keys } from '../store/keys.js';
import type { Change, Compare, Json, Store } from '../store/store.js';

type Commit = (compares: readonly Compare[], changes: readonly Change[]) => Promise<number | undefined>;

/** What the first version of everything was. */
const first = 1;

export class Formats {
  readonly #group: string;
  readonly #store: Store;
  readonly #prefixes: readonly (readonly [prefix: string, kind: RecordKind])[];
  #kinds: FormatsRecord['kinds'] = {};
  #raising: Promise<void> | undefined;

  constructor({ group, store }: { group: string; store: Store }) {
    this.#group = group;
    this.#store = store;
    this.#prefixes = [
      [keys.jobs(group), 'job'],
      [keys.done(group), 'job'],
      [keys.printers(group), 'printer'],
      [keys.jobIds(group), 'job-ids'],
    ];
  }

  /** Throws `record-too-new` when this build cannot own the group. */
  async load(): Promise<void> {
    const record = (await this.#read())?.record;
    const fault = formatsFault(record);
    if (fault !== undefined) throw new PlatenError('record-too-new', `group ${this.#group}: ${fault}`);
    this.#kinds = record?.kinds ?? {};
  }

  /** Resolves when it is on record that the group has records such as these. Throws as `commit` does. */
  async cover(changes: readonly Change[], commit: Commit): Promise<void> {
    while (this.isNews(changes)) {
      this.#raising ??= this.#raise(changes, commit).finally(() => {
        this.#raising = undefined;
      });
      await this.#raising;
    }
  }

  *#versions(changes: readonly Change[]): Iterable<readonly [kind: RecordKind, version: number]> {
    for (const change of changes) {
      if (!('put' in change)) continue;
      const { version } = (change.value ?? {}) as { readonly version?: unknown };
      const [, kind] = this.#prefixes.find(([prefix]) => change.put.startsWith(prefix)) ?? [];
      if (kind !== undefined && typeof version === 'number') yield [kind, version];
    }
  }

  /** The group has no records of such versions so far. */
  isNews(changes: readonly Change[]): boolean {
    for (const [kind, version] of this.#versions(changes)) if (version > (this.#kinds[kind] ?? first)) return true;
    return false;
  }

  async #raise(changes: readonly Change[], commit: Commit): Promise<void> {
    const found = await this.#read();
    const kinds: Record<string, number> = { ...found?.record.kinds };
    for (const [kind, version] of this.#versions(changes)) kinds[kind] = Math.max(version, kinds[kind] ?? first);
    const record: FormatsRecord = { version: 1, ...found?.record, kinds };
    const key = keys.formats(this.#group);
    const made = await commit(
      [{ key, revision: found?.revision ?? 0 }],
      [{ put: key, value: record as unknown as Json }],
    );
    if (made === undefined) throw new PlatenError('not-owner', 'somebody else wrote for the group just now');
    this.#kinds = kinds;
  }

  async #read(): Promise<{ readonly record: FormatsRecord; readonly revision: number } | undefined> {
    const found = await this.#store.get(keys.formats(this.#group));
    return found && { record: found.value as unknown as FormatsRecord, revision: found.revision };
  }
}
