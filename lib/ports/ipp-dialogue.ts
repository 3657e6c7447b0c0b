// Requests and answers with one printer, one after another: connects where there is no connection, and finds the IPP
// version that the printer speaks (RFC 8011 section 4.1.8).

import { encodeMessage } from '../protocols/ipp/message-writer.js';
import type { IppVersion } from '../protocols/ipp/values.js';
import { meaningOf } from './ipp-answers.js';
import { type ConnectionParts, IppConnection } from './ipp-connection.js';
import type { Exchange, ExchangeBody } from './ipp-exchange.js';
import { type Operation, requestMessage } from './ipp-requests.js';

export const newestVersion: IppVersion = { major: 2, minor: 0 };
export const oldestVersion: IppVersion = { major: 1, minor: 1 };

/** `signal` resets the connection and ends every wait. */
export interface DialogueParts extends ConnectionParts {
  /** Asked before each request: connecting takes its time. */
  readonly mayContinue: () => boolean;
  readonly version: IppVersion;
}

export class IppDialogue {
  version: IppVersion;
  readonly #parts: DialogueParts;
  readonly #onAbort = (): void => this.reset();
  #connection: IppConnection | undefined;
  #requestId = 0;

  constructor(parts: DialogueParts) {
    this.#parts = parts;
    this.version = parts.version;
    parts.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** The source port of the connection that the next request goes over, or why there is none. */
  async connect(): Promise<
    { readonly ok: true; readonly sourcePort: number } | { readonly ok: false; readonly reason: string }
  > {
    if (this.#connection?.usable !== true) {
      const opened = await IppConnection.open(this.#parts);
      if (!opened.ok) return opened;
      this.#connection = opened.connection;
    }
    if (this.#parts.signal.aborted || !this.#parts.mayContinue()) {
      this.reset();
      return { ok: false, reason: 'the attempt was given up' };
    }
    return { ok: true, sourcePort: this.#connection.sourcePort };
  }

  /** For requests that may be made twice: a printer may close an idle connection just as we use it. */
  async ask(operation: Operation): Promise<Exchange> {
    const reused = this.#connection?.usable === true;
    const first = await this.#request(operation);
    return first.got === 'nothing' && reused && !this.#parts.signal.aborted ? this.#request(operation) : first;
  }

  /** Asks in the version that is known to work, and in the other one where the printer does not take it. */
  async askInAnyVersion(operation: Operation): Promise<Exchange> {
    const first = await this.ask(operation);
    const status = first.got === 'answer' ? meaningOf(first) : undefined;
    const other = this.version.major === newestVersion.major ? oldestVersion : newestVersion;
    // Some old printers answer client-error-bad-request (`rejected`) to a version that they do not know.
    if (meaningOf(first) !== 'version' && status !== 'rejected') return first;
    const before = this.version;
    this.version = other;
    const second = await this.ask(operation);
    if (meaningOf(second) === 'ok') return second;
    this.version = before;
    return second;
  }

  /** For requests that must not be made twice. */
  async tell(operation: Operation, body?: ExchangeBody): Promise<Exchange> {
    return this.#request(operation, body);
  }

  async #request(operation: Operation, body?: ExchangeBody): Promise<Exchange> {
    const { uri } = this.#parts.target;
    const connected = await this.connect();
    if (!connected.ok || this.#connection === undefined)
      return {
        got: 'nothing',
        reason: connected.ok ? 'is not connected' : connected.reason.replace(/^the printer /, ''),
      };
    this.#requestId += 1;
    const head = encodeMessage(requestMessage(operation, { uri, version: this.version, requestId: this.#requestId }));
    return this.#connection.exchange({
      authority: `${uri.host.includes(':') ? `[${uri.host}]` : uri.host}:${uri.port}`,
      path: uri.path === '' ? '/' : uri.path,
      head,
      clock: this.#parts.clock,
      ...(body === undefined ? {} : { body }),
    });
  }

  /** Drops the connection and what the kernel has not sent yet. */
  reset(): void {
    this.#connection?.reset();
    this.#connection = undefined;
  }

  close(): void {
    this.#parts.signal.removeEventListener('abort', this.#onAbort);
    this.#connection?.close();
    this.#connection = undefined;
  }
}
