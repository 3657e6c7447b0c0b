// Pure: what clients knew at a moment, of all that they did later.

import type { SentJob } from './history.js';

/** Jobs that were under way when the ledger was taken may be on the disk or not: nothing is known of them. */
export const withoutAnswers = (all: readonly SentJob[], ledger: readonly SentJob[]): SentJob[] => {
  const known = new Map(ledger.map((job) => [job.tag, job]));
  return all.map((job) => {
    const { id: _, created: __, ...rest } = job;
    const then = known.get(job.tag);
    const documents = job.documents.map((document, index) => {
      const answer = then?.documents[index]?.answer === 'acknowledged' ? 'acknowledged' : document.answer;
      const forgotten = answer === 'acknowledged' && then?.documents[index]?.answer !== 'acknowledged';
      return { ...document, answer: forgotten ? ('unknown' as const) : answer };
    });
    return {
      ...rest,
      ...(then?.id === undefined ? {} : { id: then.id }),
      ...(then?.created === undefined ? {} : { created: then.created }),
      documents,
    };
  });
};
