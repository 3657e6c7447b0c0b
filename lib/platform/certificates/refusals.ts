// Tells of connections that were refused because of a certificate: each reason once a minute, whoever knocks how often.

import type { Clock } from '../clock.js';
import type { Log } from '../log.js';
import type { CertificateNews } from './credentials.js';

export interface Refusal {
  /** `node b`, `a stranger` */
  readonly who: string;
  readonly where: string;
  /** `is revoked` */
  readonly fault: string;
  readonly error?: Error;
}

const againMs = 60_000;
/** Strangers may come from many addresses. */
const mostKnown = 100;

export class Refusals {
  readonly #parts: { readonly clock: Clock; readonly log: Log; readonly news: CertificateNews };
  readonly #told = new Map<string, number>();

  constructor(parts: { readonly clock: Clock; readonly log: Log; readonly news: CertificateNews }) {
    this.#parts = parts;
  }

  note({ who, where, fault, error }: Refusal): void {
    const { clock, log, news } = this.#parts;
    const now = clock.monotonic();
    for (const [key, at] of this.#told) if (now - at >= againMs) this.#told.delete(key);
    const key = `${who} ${where} ${fault}`;
    if (this.#told.has(key) || this.#told.size >= mostKnown) return;
    this.#told.set(key, now);
    log.warn({ who, where, err: error }, `a connection was refused: the certificate of ${who} ${fault}`);
    news('certificate-refused', `the certificate of ${who} at ${where} ${fault}`);
  }
}
