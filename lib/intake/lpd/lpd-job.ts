// Pure: the job that a control file and its documents make on our side.

import { ProtocolError } from '../../errors.js';
import type { StoredDocument } from '../../model/document.js';
import type { AssembledJob } from '../../protocols/lpd/assembly.js';
import type { ControlFile } from '../../protocols/lpd/control-file.js';
import { shortText } from '../../protocols/lpd/text.js';
import type { JobDraft } from '../../queue/uploads.js';

/** A document that waits in the spool under the id of the job that it will belong to. */
export interface SpooledFile {
  readonly job: number;
  readonly document: StoredDocument;
}

export interface ReadyJob {
  readonly id: number;
  readonly draft: JobDraft;
  readonly documents: readonly StoredDocument[];
}

/** Octets of a name in IPP (RFC 8011 section 5.1.3). */
const longestName = 255;

/** Throws ProtocolError when the files were not one job's, or are too many. */
export const readyJob = (
  { control, documents }: AssembledJob<SpooledFile>,
  { printer, address, maxDocuments }: { printer: string; address: string; maxDocuments: number },
): ReadyJob => {
  const id = documents[0]?.job ?? 0;
  if (documents.some(({ job }) => job !== id))
    throw new ProtocolError('mixed-numbers', 'the control file names data files of different jobs');
  const { copies, sequence } = copiesOf(control);
  if (sequence.length > maxDocuments) throw new ProtocolError('too-many-files', 'the job prints too many files');
  return {
    id,
    draft: {
      printer,
      name: shortText(control.jobName || control.title || nameOfFirst(control), longestName),
      user: shortText(control.user || 'anonymous', longestName),
      ...(control.host === '' ? {} : { host: shortText(control.host, longestName) }),
      origin: { protocol: 'lpd', address, number: numberOf(control) },
      copies,
    },
    documents: sequence.flatMap((index, place) => {
      const spooled = documents[index]?.document;
      if (spooled === undefined) return [];
      const name = shortText(control.files[index]?.sourceName ?? '', longestName);
      return [{ ...spooled, number: place + 1, ...(name === '' ? {} : { name }) }];
    }),
  };
};

/** The key of a file is its letter and the job's number. */
const numberOf = ({ files }: ControlFile): string => (files[0]?.key ?? '').slice(1);

const nameOfFirst = ({ files }: ControlFile): string => files[0]?.sourceName || 'LPD job';

/** Copies of the job where all files have the same number of them; else files are repeated. `sequence` holds indexes into the files. */
const copiesOf = ({ files }: ControlFile): { copies: number; sequence: readonly number[] } => {
  const copies = files[0]?.copies ?? 1;
  if (files.every((file) => file.copies === copies)) return { copies, sequence: files.map((_, index) => index) };
  return { copies: 1, sequence: files.flatMap((file, index) => Array.from({ length: file.copies }, () => index)) };
};
