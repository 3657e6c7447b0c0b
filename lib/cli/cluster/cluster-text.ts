// How people are shown the cluster's nodes.

import type { ClusterAnswer } from '../../admin/cluster-routes.js';
import { endingText } from '../../platform/certificates/ending.js';
import { momentText } from '../figures.js';
import type { Terminal } from '../terminal.js';

/** What stands above answers that may be old. */
export const silenceText = (since: number | undefined): string =>
  `unreachable${since === undefined ? '' : ` since ${momentText(since)}`}; nodes and groups are shown as last seen`;

type NodeAnswer = ClusterAnswer['nodes'][number];

const remarkOf = ({ fenced, notReady, silentForMs, state, certificateEnds }: NodeAnswer, now: number): string => {
  if (fenced !== undefined) return `by ${fenced.by}: ${fenced.because}`;
  if (state === 'silent') return `not heard of for ${(silentForMs / 1_000).toFixed(1)} s`;
  const ending = certificateEnds === undefined ? undefined : endingText(certificateEnds, now);
  return [
    ...(notReady === undefined ? [] : [`takes no group: ${notReady}`]),
    ...(ending === undefined ? [] : [`its certificate ${ending}`]),
  ].join('; ');
};

/** `now`: ms since 1970. */
export const showNodes = (terminal: Terminal, nodes: readonly NodeAnswer[], now: number): void =>
  terminal.table(
    ['NODE', 'STATE', 'DRAINED', 'GROUPS', 'INCARNATION', 'VERSION', 'REST', 'REMARK'],
    nodes.map((node) => {
      const { name, state, drained, groups, incarnation, version = '', rest } = node;
      return [name, state, drained ? 'yes' : 'no', groups.join(' '), incarnation, version, rest, remarkOf(node, now)];
    }),
  );
