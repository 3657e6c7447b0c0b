// Pure: what operators want of a group, turned into its record. Each edit throws PlatenError with the reason when the group may not be so.

import { PlatenError } from '../errors.js';
import {
  groupDefaults,
  groupFault,
  type GroupRecord,
  type GroupServices,
  type ResourceKind,
  type ResourceRecord,
  type RestartPolicy,
} from '../model/cluster.js';
import { recordVersions } from '../model/versions.js';
import { hostNameRule, isHostName, isName, nameRule } from '../model/names.js';

/** What is not said stays as it is. A community of null: SNMP is not answered. */
export interface ServicesChange {
  readonly ipp?: Partial<GroupServices['ipp']>;
  readonly lpd?: Partial<GroupServices['lpd']>;
  readonly snmp?: Partial<Omit<GroupServices['snmp'], 'community'>> & { readonly community?: string | null };
}

type Settable =
  | 'possibleOwners'
  | 'preferredOwners'
  | 'aliases'
  | 'publish'
  | 'failback'
  | 'failover'
  | 'jobCompletionTimeoutMs'
  | 'uploadGraceMs';

/** What is not said stays as it is; null: as if it had never been said. */
export type GroupSettings = {
  readonly [Key in Settable]?: NonNullable<GroupRecord[Key]> | null;
} & { readonly services?: ServicesChange };

export interface GroupDraft extends GroupSettings {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly networkName?: string;
}

export interface ResourceDraft {
  readonly name: string;
  readonly kind: ResourceKind;
  readonly value?: string;
  readonly restart?: RestartPolicy;
}

/** null: the default policy. */
export interface ResourceChange {
  readonly value?: string;
  readonly restart?: RestartPolicy | null;
}

/** The address in its one spelling, or why it cannot be a virtual server's here. */
export type AddressRule = (
  text: string,
) => { readonly ok: true; readonly address: string } | { readonly ok: false; readonly reason: string };

const refused = (message: string): PlatenError => new PlatenError('group-refused', message);

const sound = (record: GroupRecord): GroupRecord => {
  const fault = groupFault(record);
  if (fault !== undefined) throw refused(fault);
  const stranger = [...(record.possibleOwners ?? []), ...(record.preferredOwners ?? [])].find((node) => !isName(node));
  if (stranger !== undefined) throw new PlatenError('bad-request', `${JSON.stringify(stranger)}: ${nameRule}`);
  return record;
};

const networkNameOf = (text: string): string => {
  if (!isHostName(text)) throw new PlatenError('bad-request', `${JSON.stringify(text)}: ${hostNameRule}`);
  return text.toLowerCase();
};

const changedServices = (before: GroupServices, change: ServicesChange): GroupServices => {
  const { community = before.snmp.community, ...snmp } = change.snmp ?? {};
  const { community: _, ...snmpBefore } = before.snmp;
  return {
    ipp: { ...before.ipp, ...change.ipp },
    lpd: { ...before.lpd, ...change.lpd },
    snmp: { ...snmpBefore, ...snmp, ...(community === undefined || community === null ? {} : { community }) },
  };
};

const withSettings = (before: GroupRecord, { services, ...settings }: GroupSettings): GroupRecord => {
  const { aliases } = settings;
  const said = { ...settings, ...(aliases ? { aliases: aliases.map(networkNameOf) } : {}) };
  const record = Object.fromEntries(Object.entries({ ...before, ...said }).filter(([, value]) => value !== null));
  const next = record as unknown as GroupRecord;
  return services === undefined
    ? next
    : { ...next, services: changedServices(next.services ?? groupDefaults.services, services) };
};

const resourceOf = ({ name, kind, value, restart }: ResourceDraft, addressRule: AddressRule): ResourceRecord => {
  if (!isName(name)) throw new PlatenError('bad-request', `${JSON.stringify(name)}: ${nameRule}`);
  const policy = restart === undefined ? {} : { restart };
  if (kind === 'print-spooler') {
    if (value !== undefined) throw new PlatenError('bad-request', 'a print spooler has no value');
    return { name, kind, wanted: 'online', ...policy };
  }
  if (value === undefined) throw new PlatenError('bad-request', `${name} needs a value: its address, or its name`);
  if (kind === 'network-name') return { name, kind, value: networkNameOf(value), wanted: 'online', ...policy };
  const judged = addressRule(value);
  if (!judged.ok) throw refused(judged.reason);
  return { name, kind, value: judged.address, wanted: 'online', ...policy };
};

/** Addresses, a network name where there is one, and a print spooler, all wanted online. */
export const createdGroup = (draft: GroupDraft, addressRule: AddressRule): GroupRecord => {
  const { name, addresses, networkName, ...settings } = draft;
  if (!isName(name)) throw new PlatenError('bad-request', `${JSON.stringify(name)}: ${nameRule}`);
  if (addresses.length === 0) throw new PlatenError('bad-request', `group ${name} needs an address`);
  const drafts: ResourceDraft[] = [
    ...addresses.map((value, index): ResourceDraft => {
      const number = index === 0 ? '' : `-${index + 1}`;
      return { name: `address${number}`, kind: 'ip-address', value };
    }),
    ...(networkName === undefined ? [] : [{ name: 'name', kind: 'network-name', value: networkName } as const]),
    { name: 'spooler', kind: 'print-spooler' },
  ];
  const resources = drafts.map((each) => resourceOf(each, addressRule));
  return sound(withSettings({ version: recordVersions.group, name, resources }, settings));
};

export const changedGroup = (record: GroupRecord, settings: GroupSettings): GroupRecord =>
  sound(withSettings(record, settings));

/** Throws `not-found`. */
export const resourceNamed = (record: GroupRecord, name: string): ResourceRecord => {
  const resource = record.resources?.find((each) => each.name === name);
  if (resource === undefined) throw new PlatenError('not-found', `group ${record.name} has no resource ${name}`);
  return resource;
};

/** Whatever runs must rest before it becomes something else. */
const assertOffline = (record: GroupRecord, { name, wanted }: ResourceRecord): void => {
  if (wanted === 'online')
    throw refused(`${name} is wanted online: platen resource offline ${record.name}/${name} first`);
};

export const withResource = (record: GroupRecord, draft: ResourceDraft, addressRule: AddressRule): GroupRecord =>
  sound({ ...record, resources: [...(record.resources ?? []), resourceOf(draft, addressRule)] });

export const withoutResource = (record: GroupRecord, name: string): GroupRecord => {
  const resource = resourceNamed(record, name);
  assertOffline(record, resource);
  return sound({ ...record, resources: (record.resources ?? []).filter((each) => each !== resource) });
};

const replaced = (record: GroupRecord, before: ResourceRecord, after: ResourceRecord): GroupRecord =>
  sound({ ...record, resources: (record.resources ?? []).map((each) => (each === before ? after : each)) });

export const withChangedResource = (
  record: GroupRecord,
  name: string,
  { value, restart }: ResourceChange,
  addressRule: AddressRule,
): GroupRecord => {
  const before = resourceNamed(record, name);
  if (value !== undefined && value !== before.value) assertOffline(record, before);
  const { restart: policyBefore, ...rest } = before;
  const policy = restart === null ? undefined : (restart ?? policyBefore);
  const draft = {
    ...rest,
    ...(value === undefined ? {} : { value }),
    ...(policy === undefined ? {} : { restart: policy }),
  };
  return replaced(record, before, { ...resourceOf(draft, addressRule), wanted: before.wanted });
};

export const withWanted = (record: GroupRecord, name: string, wanted: ResourceRecord['wanted']): GroupRecord => {
  const before = resourceNamed(record, name);
  return replaced(record, before, { ...before, wanted });
};

/** What the group alone may have: its addresses, and every name that clients use. */
export const claimsOf = (
  record: GroupRecord | undefined,
): { readonly addresses: readonly string[]; readonly names: readonly string[] } => {
  const values = (kind: ResourceKind): string[] =>
    (record?.resources ?? []).flatMap((each) => (each.kind === kind && each.value !== undefined ? [each.value] : []));
  return {
    addresses: [...new Set(values('ip-address'))],
    names: [...new Set([...values('network-name'), ...(record?.aliases ?? [])])],
  };
};
