// One IPP request as operations see it, and the answer they give.

import type { StatusName } from '../../protocols/ipp/status-codes.js';
import type { Sender } from '../../queue/uploads.js';
import type { IppAttribute, IppGroup, IppVersion } from '../../protocols/ipp/values.js';

export interface IppRequest {
  readonly operationId: number;
  readonly version: IppVersion;
  readonly requestId: number;
  readonly operation: IppGroup;
  readonly job: IppGroup | undefined;
  /** requesting-user-name: a claim (R52). */
  readonly user: string;
  readonly naturalLanguage: string;
  /** The client's IP address. */
  readonly clientAddress: string;
  /** Host and port by which the client knows us: what URIs in the answer are built from. */
  readonly authority: string;
  /** What follows the attributes; throws when the client goes away, is too slow or sends too much. */
  readonly document: AsyncIterable<Uint8Array>;
  /** Octets of `document`, where Content-Length tells. */
  readonly documentBytes?: number;
  readonly sender: Sender;
  /** Aborts when the connection is gone. */
  readonly signal: AbortSignal;
}

export interface IppAnswer {
  readonly status: StatusName;
  /** status-message. */
  readonly message?: string;
  /** Goes into the unsupported-attributes group. */
  readonly unsupported?: readonly IppAttribute[];
  readonly groups?: readonly IppGroup[];
  /** Groups that are encoded already, or made piece by piece. */
  readonly encoded?: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

export const ok: IppAnswer = { status: 'successful-ok' };

/** The first characters of a text that fit into so many octets of UTF-8. */
export const clipped = (text: string, octets: number): string => {
  if (text.length * 3 <= octets) return text;
  const encoded = Buffer.from(text);
  if (encoded.length <= octets) return text;
  let end = octets;
  while (end > 0 && ((encoded[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return encoded.toString('utf8', 0, end);
};
