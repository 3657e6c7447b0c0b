// What keeps etcd healthy (DESIGN section 4): looks at all members, says what to do now and how full the cluster is. Pure.

export interface MemberStatus {
  readonly endpoint: string;
  readonly memberId: string;
  /** The leader that it knows; '0' or '': none. */
  readonly leaderId: string;
  /** Size of its file; etcd's quota is about this. */
  readonly sizeBytes: number;
  /** What of the file is in use; the rest is filled again, and given back only by defragmenting. */
  readonly inUseBytes: number;
}

export interface Alarm {
  readonly memberId: string;
  readonly alarm: string;
}

/** The store's revision at a time. */
export interface Sample {
  readonly atMs: number;
  readonly revision: number;
}

export interface MaintenanceView {
  readonly nowMs: number;
  /** As the members' own `--quota-backend-bytes`. */
  readonly quotaBytes: number;
  /** Members that ought to be there. */
  readonly expected: number;
  /** Those that answered. */
  readonly members: readonly MemberStatus[];
  readonly alarms: readonly Alarm[];
  /** Oldest first; the last is that of now. */
  readonly samples: readonly Sample[];
  readonly compacted: number;
  /** Endpoints of members that were defragmented since then. */
  readonly defragmented: readonly string[];
}

export type MaintenanceAction =
  | { readonly kind: 'compact'; readonly revision: number }
  | { readonly kind: 'defragment'; readonly endpoint: string }
  | { readonly kind: 'move-leader'; readonly endpoint: string; readonly targetId: string }
  | { readonly kind: 'disarm'; readonly memberId: string; readonly alarm: string };

export interface MaintenancePlan {
  /** In this order; each may fail, the next look repairs it. */
  readonly actions: readonly MaintenanceAction[];
  /** The fullest member, in use, as part of the quota. */
  readonly usage: number;
  readonly trimHistory: boolean;
  readonly refuseNewJobs: boolean;
  /** What is done now changes the view: look again at once. */
  readonly lookSoon: boolean;
  /** One sentence for the log when it changes. */
  readonly because: string;
}

export const keepMs = 5 * 60_000;
const trimAt = 0.4;
const refuseAt = 0.5;
/** A file is worth defragmenting from this part of the quota on, when more than half of it is not in use. */
const worthwhile = 0.2;
/** An alarm is disarmed when every file is below this part of the quota: at the quota it would come again with the next write. */
const relieved = 0.9;

const noSpace = 'NOSPACE';

const wasteOf = ({ sizeBytes, inUseBytes }: MemberStatus): number => sizeBytes - inUseBytes;
const isLeader = ({ memberId, leaderId }: MemberStatus): boolean => memberId === leaderId;

/** What a compaction freed is seen to be free only after the next write, and a full store takes none: then every large file is rewritten once. */
const isWasteful = ({ quotaBytes, defragmented }: MaintenanceView, member: MemberStatus, isFull: boolean): boolean =>
  isFull
    ? member.sizeBytes >= quotaBytes * relieved && !defragmented.includes(member.endpoint)
    : member.sizeBytes > quotaBytes * worthwhile && wasteOf(member) > member.sizeBytes / 2;

/** A full store keeps no history: those who watch closely do not need it, the others list again. */
const compactTo = ({ samples, nowMs, compacted }: MaintenanceView, isFull: boolean): number | undefined => {
  const old = isFull ? samples.at(-1) : samples.findLast(({ atMs }) => atMs <= nowMs - keepMs);
  return old !== undefined && old.revision > compacted ? old.revision : undefined;
};

/** One member at a time, while all others are there, and never the leader; a member that is alone only when nothing can be written anyway. */
const defragment = (view: MaintenanceView, isFull: boolean): MaintenanceAction | undefined => {
  const { members, expected } = view;
  const leader = members.find(isLeader);
  if (leader === undefined || members.length < expected) return undefined;
  const wasteful = members.filter((member) => isWasteful(view, member, isFull));
  const worst = wasteful
    .filter((member) => member !== leader)
    .toSorted((a, b) => wasteOf(b) - wasteOf(a))
    .at(0);
  if (worst !== undefined) return { kind: 'defragment', endpoint: worst.endpoint };
  if (!wasteful.includes(leader)) return undefined;
  const target = members.find((member) => member !== leader);
  if (target !== undefined) return { kind: 'move-leader', endpoint: leader.endpoint, targetId: target.memberId };
  return isFull ? { kind: 'defragment', endpoint: leader.endpoint } : undefined;
};

const disarm = (view: MaintenanceView, full: readonly Alarm[]): MaintenanceAction[] => {
  const { members, expected, quotaBytes } = view;
  if (members.length < expected || members.some(({ sizeBytes }) => sizeBytes >= quotaBytes * relieved)) return [];
  return full.map(({ memberId, alarm }) => ({ kind: 'disarm', memberId, alarm }));
};

const percent = (part: number): string => `${Math.round(part * 100)} %`;

const reasonOf = (view: MaintenanceView, usage: number): string => {
  const { members, expected, alarms } = view;
  const others = alarms
    .filter(({ alarm }) => alarm !== noSpace)
    .map(({ alarm, memberId }) => `${alarm} at ${memberId}`);
  return [
    `${percent(usage)} of the quota in use`,
    ...(alarms.length > others.length ? ['the quota was reached'] : []),
    ...(members.length < expected ? [`${members.length} of ${expected} members answer`] : []),
    ...(others.length > 0 ? [`alarms that only an operator may end: ${others.join(', ')}`] : []),
  ].join('; ');
};

export const planMaintenance = (view: MaintenanceView): MaintenancePlan => {
  const full = view.alarms.filter(({ alarm }) => alarm === noSpace);
  const isFull = full.length > 0;
  const usage = Math.max(0, ...view.members.map(({ inUseBytes }) => inUseBytes / view.quotaBytes));
  const revision = compactTo(view, isFull);
  const next = defragment(view, isFull);
  const repairs = next === undefined ? disarm(view, full) : [next];
  const actions = [...(revision === undefined ? [] : [{ kind: 'compact', revision } as const]), ...repairs];
  return {
    actions,
    usage,
    trimHistory: usage >= trimAt || isFull,
    refuseNewJobs: usage >= refuseAt || isFull,
    lookSoon: repairs.length > 0 || (isFull && actions.length > 0),
    because: reasonOf(view, usage),
  };
};
