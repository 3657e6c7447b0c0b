// How people are shown the cluster's nodes.

import type { ClusterAnswer } from '../../admin/cluster-routes.js';
import { momentText } from '../figures.js';
import type { Terminal } from '../terminal.js';

/** What stands above answers that may be old. */
export const silenceText = (since: number | undefined): string =>
  `unreachable${since === undefined ? '' : ` since ${momentText(since)}`}; nodes and groups are shown as last seen`;

type NodeAnswer = ClusterAnswer['nodes'][number];

const remarkOf = ({ fenced, notReady, silentForMs, state }: NodeAnswer): string => {
  if (fenced !== undefined) return `by ${fenced.by}: ${fenced.because}`;
  if (state === 'silent') return `not heard of for ${(silentForMs / 1_000).toFixed(1)} s`;
  return notReady === undefined ? '' : `takes no group: ${notReady}`;
};

export const showNodes = (terminal: Terminal, nodes: readonly NodeAnswer[]): void =>
  terminal.table(
    ['NODE', 'STATE', 'DRAINED', 'GROUPS', 'INCARNATION', 'VERSION', 'REST', 'REMARK'],
    nodes.map((node) => {
      const { name, state, drained, groups, incarnation, version = '', rest } = node;
      return [name, state, drained ? 'yes' : 'no', groups.join(' '), incarnation, version, rest, remarkOf(node)];
    }),
  );
