// Whether a document that lies here is needed (DESIGN section 6, "Reclaim").

import type { DocumentCopy } from '../model/document.js';
import type { DocumentPlace } from './layout.js';
import type { ReclaimRequest } from './reclaim.js';

/** What a record says of a copy. */
export type Checked = Pick<DocumentCopy, 'length' | 'sha256'>;

/** What becomes of one document: a record lists it; nobody needs it; or that cannot be said yet. */
export type Need = Checked | 'none' | 'unknown';

export const needOf = async (request: ReclaimRequest, job: number, place: DocumentPlace): Promise<Need> => {
  const found = await request.findDocument(job, place);
  if (found !== undefined) return found;
  if (place.epoch < request.currentEpoch) return 'none';
  return (await request.isGivenUp?.(job, place)) === true ? 'none' : 'unknown';
};
