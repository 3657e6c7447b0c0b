// Pure: the figures of a run.

import { type History, killTriggers } from './history.js';

export const countsOf = ({ jobs, prints, kills, end, quarantined }: History) => {
  const answers = jobs.flatMap(({ created, documents }) => [created, ...documents.map(({ answer }) => answer)]);
  const count = (answer: string): number => answers.filter((one) => one === answer).length;
  const wholes = new Map<string, number>();
  for (const { tag = '', partOctets } of prints) if (partOctets === 0) wholes.set(tag, (wholes.get(tag) ?? 0) + 1);
  const again = [...wholes.values()].filter((times) => times > 1).length;
  return {
    jobs: jobs.length,
    acknowledged: count('acknowledged'),
    refused: count('refused'),
    unknown: count('unknown'),
    cut: count('cut'),
    completed: end.filter(({ state }) => state === 'completed').length,
    aborted: end.filter(({ state }) => state === 'aborted').length,
    prints: prints.length,
    printedInPart: prints.filter(({ partOctets }) => partOctets > 0).length,
    /** The kill fell between the last octet and the durable completion. */
    inTheGap: again,
    quarantined,
    kills: Object.fromEntries(
      killTriggers.map((trigger) => [trigger, kills.filter((kill) => kill.trigger === trigger).length]),
    ),
    orphanMs: Math.max(0, ...kills.map(({ goneAfterMs }) => goneAfterMs)),
  };
};
