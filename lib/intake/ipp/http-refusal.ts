// HTTP's own answers to what is no IPP request (RFC 8010 section 4, RFC 9110 section 15.5).

import { type IncomingMessage, STATUS_CODES } from 'node:http';

/** Attributes before the data, which the announced length holds too. */
const attributeOctets = 64 << 10;

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** The status that refuses a request by its header alone. */
export const refusalOf = (request: IncomingMessage, maxDocumentBytes: number): number | undefined => {
  if (request.method === 'GET' || request.method === 'HEAD') return hasBody(request) ? 400 : undefined;
  if (request.method !== 'POST') return 405;
  if (!/^application\/ipp\s*(;|$)/i.test(request.headers['content-type'] ?? '')) return 415;
  if ((request.headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity') return 415;
  if (Number(request.headers['content-length'] ?? 0) > maxDocumentBytes + attributeOctets) return 413;
  return undefined;
};

/** The whole answer to octets that the HTTP parser could make nothing of, or that came too slowly. */
export const answerToGarbage = (parserCode: string | undefined): string => {
  const status = parserCode === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : parserCode === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
};
