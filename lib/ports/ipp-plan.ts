// How a job's documents and copies are cut into jobs at the printer. Pure.

import type { Capabilities } from './ipp-answers.js';
import { supports } from './ipp-answers.js';
import type { DocumentToSend } from './ipp-requests.js';
import type { OutgoingDocument } from './port.js';

/** One job at the printer. More than one document only where the printer takes Create-Job and such jobs. */
export interface Submission {
  readonly documents: readonly DocumentToSend[];
  /** Of the `copies` attribute. */
  readonly copies: number;
}

const anything = 'application/octet-stream';

/** The document's own format where the printer lists it, else "find out yourself", else the printer may judge. */
export const formatFor = (document: OutgoingDocument, { formats }: Capabilities): string | undefined => {
  const own = document.format.toLowerCase();
  if (formats.includes(own) || formats.length === 0) return document.format;
  if (formats.includes(anything)) return anything;
  return own === anything ? undefined : document.format;
};

export const takesSeveralDocuments = (printer: Capabilities): boolean =>
  printer.multipleDocuments && supports(printer, 'Create-Job') && supports(printer, 'Send-Document');

/**
 * The `copies` attribute serves a single document; several documents are repeated as a sequence, because what a printer
 * makes of copies of several documents differs (multiple-document-handling).
 */
export const planSubmissions = (
  { documents, copies }: { readonly documents: readonly OutgoingDocument[]; readonly copies: number },
  printer: Capabilities,
): readonly Submission[] => {
  const once = documents.map((document) => ({ document, format: formatFor(document, printer) }));
  if (once.length === 1 && copies > 1 && copies <= printer.copies) return [{ documents: once, copies }];
  const all = Array.from({ length: copies }, () => once).flat();
  if (takesSeveralDocuments(printer) && all.length > 0) return [{ documents: all, copies: 1 }];
  return all.map((document) => ({ documents: [document], copies: 1 }));
};
