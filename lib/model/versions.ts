// What builds of different versions agree on. A record of a newer version is for newer nodes only: nobody else rewrites or deletes it. What is
// merely added to a record needs no new version: whoever rewrites a record keeps what it does not know.

/** The newest version of each kind of record that this build understands, and the one that it writes. */
export const recordVersions = { job: 1, printer: 1, group: 1, owner: 1, cluster: 1, 'job-ids': 1 } as const;
export type RecordKind = keyof typeof recordVersions;

/** Nodes with the same major version understand each other: a request that one does not know is answered with 404. */
export const peerProtocol = { major: 1, minor: 1 } as const;

/** `formats/<group>`: the newest version in use among the group's records, by kind; put by the first owner that writes it. */
export interface FormatsRecord {
  readonly version: 1;
  readonly kinds: Readonly<Record<string, number>>;
}

const versionOf = (record: unknown): number => {
  const { version } = (record ?? {}) as { readonly version?: unknown };
  return typeof version === 'number' ? version : 1;
};

/** Why this build must leave that record alone, in words; undefined when it need not. `what` names it: `job 17`. */
export const tooNew = (kind: RecordKind, record: unknown, what: string): string | undefined => {
  const version = versionOf(record);
  const known: number = recordVersions[kind];
  return version > known ? `${what} is of version ${version}, and this node knows version ${known}` : undefined;
};

/** Why this build cannot own a group with such records; undefined when it can. */
export const formatsFault = (formats: FormatsRecord | undefined): string | undefined => {
  for (const [kind, version] of Object.entries(formats?.kinds ?? {})) {
    const known: number = Object.hasOwn(recordVersions, kind) ? recordVersions[kind as RecordKind] : 0;
    if (version > known) return `its ${kind} records are of version ${version}, and this node knows version ${known}`;
  }
  return undefined;
};
