// What operators want of the cluster, written to its store; a refusal says why and writes nothing (DESIGN sections 2, 4 and 5).

import { PlatenError } from '../errors.js';
import { liveIncarnation, type ClusterRecord, type GroupRecord, type ResourceRecord } from '../model/cluster.js';
import type { OwnerRecord } from '../model/ownership.js';
import { keys } from '../store/keys.js';
import type { Compare, Json, Store } from '../store/store.js';
import { hindrance } from './candidates.js';
import {
  type AddressRule,
  changedGroup,
  createdGroup,
  type GroupDraft,
  type GroupSettings,
  type ResourceChange,
  type ResourceDraft,
  withChangedResource,
  withoutResource,
  withResource,
  withWanted,
} from './group-edits.js';
import {
  assertNodesExist,
  assertNoNearName,
  assertNotOfNodes,
  assertOwnersExist,
  entriesBelow,
} from './group-checks.js';
import { GroupTable, swapped } from './group-table.js';
import type { View } from './view.js';

export interface OperationsParts {
  readonly store: Store;
  /** What this node sees of the others: a move is refused by it. */
  readonly view: () => View;
  readonly addressRule: AddressRule;
}

/** Throws `group-not-found`. */
const existing = (group: string, record: GroupRecord | undefined): GroupRecord => {
  if (record === undefined) throw new PlatenError('group-not-found', `there is no group ${JSON.stringify(group)}`);
  return record;
};

const withoutMove = (record: GroupRecord): GroupRecord => {
  const { move: _, ...kept } = record;
  return kept;
};

export class Operations {
  readonly #parts: OperationsParts;
  readonly #groups: GroupTable;

  constructor(parts: OperationsParts) {
    this.#parts = parts;
    this.#groups = new GroupTable(parts);
  }

  /** Throws `group-exists`, `group-refused`, `node-not-found`, `bad-request`. */
  async createGroup(draft: GroupDraft): Promise<GroupRecord> {
    const { store, addressRule } = this.#parts;
    const record = createdGroup(draft, addressRule);
    await this.#groups.edit(draft.name, async (current) => {
      if (current !== undefined) throw new PlatenError('group-exists', `group ${draft.name} exists already`);
      await assertNoNearName(store, draft.name);
      await assertOwnersExist(store, draft);
      await assertNotOfNodes(store, undefined, record);
      return { record };
    });
    return record;
  }

  /** As the store has it, not as this node has seen it. Throws `group-not-found`. */
  async group(group: string): Promise<GroupRecord> {
    return existing(
      group,
      (await this.#parts.store.get(keys.group(group)))?.value as unknown as GroupRecord | undefined,
    );
  }

  /** In the order of their names. */
  async groups(): Promise<readonly GroupRecord[]> {
    const entries = await entriesBelow(this.#parts.store, keys.groups);
    return entries.map(({ value }) => value as unknown as GroupRecord);
  }

  async changeGroup(group: string, settings: GroupSettings): Promise<GroupRecord> {
    await assertOwnersExist(this.#parts.store, settings);
    return this.#change(group, (record) => changedGroup(record, settings));
  }

  /** Refused with `group-not-empty` while it has printers or unfinished jobs. Its epoch and its job ids stay on record for ever. */
  async removeGroup(group: string): Promise<void> {
    await this.#assertEmpty(group);
    let removed: GroupRecord | undefined;
    const remove = (): Promise<unknown> =>
      this.#groups.edit(group, async (current) => {
        if (current === undefined && removed !== undefined) return { record: undefined };
        removed = existing(group, current);
        const owner = await this.#parts.store.get(keys.owner(group));
        if (owner === undefined) return { record: undefined, compares: [{ key: keys.owner(group), revision: 0 }] };
        // Rewritten as it was: whatever its owner is writing for the group at this moment fails its compare.
        const { key, revision, value } = owner;
        return { record: undefined, compares: [{ key, revision }], changes: [{ put: key, value }] };
      });
    await remove().catch((error: unknown) => {
      // It may be removed all the same, with a printer that was made meanwhile.
      if (error instanceof PlatenError && error.code === 'store-outcome-unknown') return remove();
      throw error;
    });
    try {
      await this.#assertEmpty(group);
    } catch (error) {
      // A printer was made between the first look and the removal.
      await this.#groups.edit(group, (current) => ({ record: current ?? removed }));
      throw error;
    }
  }

  addResource(group: string, draft: ResourceDraft): Promise<GroupRecord> {
    return this.#change(group, (record) => withResource(record, draft, this.#parts.addressRule));
  }

  changeResource(group: string, name: string, change: ResourceChange): Promise<GroupRecord> {
    return this.#change(group, (record) => withChangedResource(record, name, change, this.#parts.addressRule));
  }

  removeResource(group: string, name: string): Promise<GroupRecord> {
    return this.#change(group, (record) => withoutResource(record, name));
  }

  setWanted(group: string, resource: string, wanted: ResourceRecord['wanted']): Promise<GroupRecord> {
    return this.#change(group, (record) => withWanted(record, resource, wanted));
  }

  /**
   * Asks the owner to hand the group over; it does so when it is at rest, or at once with `now`. Asked to move to its owner, it stays. Throws
   * `move-refused`, `node-not-found`.
   */
  async move(group: string, { to, now }: { to: string; now: boolean }): Promise<GroupRecord> {
    const { store } = this.#parts;
    const moved = await this.#groups.edit(group, async (current) => {
      const record = existing(group, current);
      await assertNodesExist(store, [to]);
      const [owner, cluster] = [await store.get(keys.owner(group)), await store.get(keys.cluster)];
      const ownerRecord = owner?.value as unknown as OwnerRecord | undefined;
      const fault = this.#moveFault(record, ownerRecord, cluster?.value as unknown as ClusterRecord | undefined, to);
      if (fault !== undefined || ownerRecord === undefined)
        throw new PlatenError('move-refused', fault ?? `${group} was never owned`);
      if (ownerRecord.node === to)
        return { record: record.move?.epoch === ownerRecord.epoch ? withoutMove(record) : record };
      const move = { to, epoch: ownerRecord.epoch, ...(now ? { now } : {}) };
      const compares: readonly Compare[] = [
        { key: keys.owner(group), revision: owner?.revision ?? 0 },
        { key: keys.cluster, revision: cluster?.revision ?? 0 },
      ];
      return { record: { ...record, move }, compares };
    });
    return existing(group, moved);
  }

  /** The group stays where it is, unless it has left already. */
  async cancelMove(group: string): Promise<GroupRecord> {
    return this.#change(group, withoutMove);
  }

  /** The node's groups move away, and none comes. */
  drain(node: string): Promise<ClusterRecord> {
    return this.#pause(node, (paused) => [...new Set([...paused, node])].toSorted());
  }

  resume(node: string): Promise<ClusterRecord> {
    return this.#pause(node, (paused) => paused.filter((each) => each !== node));
  }

  async #change(group: string, edit: (record: GroupRecord) => GroupRecord): Promise<GroupRecord> {
    const edited = await this.#groups.edit(group, async (current) => {
      const record = edit(existing(group, current));
      await assertNotOfNodes(this.#parts.store, current, record);
      return { record };
    });
    return existing(group, edited);
  }

  async #assertEmpty(group: string): Promise<void> {
    const { store } = this.#parts;
    const has = async (prefix: string): Promise<boolean> =>
      (await store.range(prefix, { limit: 1 })).entries.length > 0;
    if (await has(keys.printers(group))) throw new PlatenError('group-not-empty', `group ${group} still has printers`);
    if (await has(keys.jobs(group)))
      throw new PlatenError('group-not-empty', `group ${group} still has unfinished jobs`);
  }

  /** Judged by the store's newest group and cluster, and by what this node hears of the target. */
  #moveFault(
    record: GroupRecord,
    owner: OwnerRecord | undefined,
    cluster: ClusterRecord | undefined,
    to: string,
  ): string | undefined {
    const { name } = record;
    const view = this.#parts.view();
    const { observed, time } = view;
    const seen = { revision: 0, seenAt: time };
    const newest: View = {
      ...view,
      observed: {
        ...observed,
        groups: new Map(observed.groups).set(name, { record, ...seen }),
        cluster: cluster === undefined ? undefined : { record: cluster, ...seen },
      },
    };
    const hindered = hindrance(newest, name, to);
    if (hindered !== undefined) return hindered;
    const isOwned =
      owner !== undefined &&
      owner.released !== true &&
      liveIncarnation(observed.nodes.get(owner.node)?.record) === owner.incarnation;
    return isOwned ? undefined : `nobody owns ${name} just now`;
  }

  #pause(node: string, change: (paused: readonly string[]) => readonly string[]): Promise<ClusterRecord> {
    const { store } = this.#parts;
    return swapped(store, async () => {
      await assertNodesExist(store, [node]);
      const entry = await store.get(keys.cluster);
      const current = (entry?.value ?? { version: 1 }) as unknown as ClusterRecord;
      const before = current.paused ?? [];
      const result: ClusterRecord = { ...current, paused: change(before) };
      const isSame = JSON.stringify(result.paused) === JSON.stringify(before);
      return {
        compares: [{ key: keys.cluster, revision: entry?.revision ?? 0 }],
        changes: isSame ? [] : [{ put: keys.cluster, value: result as unknown as Json }],
        result,
      };
    });
  }
}
