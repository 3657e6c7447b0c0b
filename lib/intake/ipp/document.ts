// Takes a request's document into the spool: the one way in for Print-Job and Send-Document.

import type { StoredDocument } from '../../model/document.js';
import { decompressed } from './decompress.js';
import type { DocumentTicket } from './job-ticket.js';
import type { IppContext } from './operation.js';
import type { IppRequest } from './request.js';

/** Durable when it resolves; nothing is left of it when it rejects. */
export const receiveDocument = (
  request: IppRequest,
  context: IppContext,
  { job, number, ticket }: { job: number; number: number; ticket: DocumentTicket },
): Promise<StoredDocument> => {
  const { compression, format, name } = ticket;
  const announced = compression === 'none' ? request.documentBytes : undefined;
  return context.spooler.uploads.receive(
    { job, number },
    decompressed(request.document, compression, context.decompression),
    {
      format,
      ...(name === undefined ? {} : { name }),
      ...(announced === undefined ? {} : { expectedBytes: announced }),
      signal: request.signal,
    },
  );
};
