// How people are shown a group.

import type { GroupAnswer } from '../../admin/group-answers.js';
import type { Terminal } from '../terminal.js';

export const ownerText = ({ owner }: GroupAnswer): string => {
  if (owner === undefined) return 'nobody yet';
  return owner.alive ? owner.node : `nobody; ${owner.node} was the last`;
};

export const groupStateText = ({ state, stateReason }: Pick<GroupAnswer, 'state' | 'stateReason'>): string =>
  `${state.replace('-', ' ')}${stateReason === undefined ? '' : `: ${stateReason}`}`;

const failbackText = ({ failback }: GroupAnswer): string =>
  failback.policy === 'hours' ? `from ${failback.from} to ${failback.to} o'clock` : failback.policy;

const servicesText = ({ services: { ipp, lpd, snmp } }: GroupAnswer): readonly (readonly [string, string])[] => [
  [
    'IPP',
    `TCP port ${ipp.port}${ipp.operatorsFrom.length === 0 ? '' : `, operators from ${ipp.operatorsFrom.join(' ')}`}`,
  ],
  ['LPD', [...lpd.ports, ...lpd.optionalPorts.map((port) => `${port} if it can be had`)].join(', ')],
  [
    'SNMP',
    snmp.communitySet ? `UDP port ${snmp.port}, community set, asked from ${snmp.allowFrom.join(' ')}` : 'not answered',
  ],
];

export const showGroupRecord = (terminal: Terminal, group: GroupAnswer): void => {
  const { owner, move } = group;
  terminal.record([
    ['name', group.name],
    ['state', groupStateText(group)],
    ['owner', ownerText(group)],
    ['epoch', owner?.epoch],
    ['because', owner?.because],
    ['says', `${group.says} (${group.saidBy})`],
    ['move', move === undefined ? '' : `asked to ${move.to}${move.now ? ', at once' : ''}`],
    ['sending', group.sending.join(', ')],
    ['possible owners', group.possibleOwners?.join(', ') ?? 'every node'],
    ['preferred owners', group.preferredOwners.join(', ')],
    ['fail-back', failbackText(group)],
    ['fail-overs', `${group.failover.threshold} within ${group.failover.periodMs / 60_000} min by failing resources`],
    ['a move waits', `${group.jobCompletionTimeoutMs} ms for documents, ${group.uploadGraceMs} ms for uploads`],
    ['aliases', group.aliases.join(' ')],
    ...servicesText(group),
  ]);
  terminal.line('');
  terminal.table(
    ['RESOURCE', 'KIND', 'VALUE', 'WANTED', 'STATE'],
    group.resources.map(({ name, kind, value, wanted, state }) => [name, kind, value ?? '', wanted, state]),
  );
};
