// Pure: whether a job's record lists a copy of a document that lies on a node.

import { copyOn, type StoredDocument } from '../model/document.js';
import type { JobRecord } from '../model/job.js';

/** One copy, by where it lies. */
export interface CopyPlace {
  readonly node: string;
  readonly epoch: number;
  readonly file: string;
}

/** Undefined when no record lists the copy, or the documents of the job are not kept any more. */
export const listedCopy = (
  job: JobRecord | undefined,
  { node, epoch, file }: CopyPlace,
): StoredDocument | undefined => {
  if (job === undefined || job.documentsKept === false) return undefined;
  return job.documents.find((document) => {
    const copy = copyOn(document, node);
    return copy?.file === file && copy.epoch === epoch;
  });
};
