// The client's octets as events of the protocol, with every bound on time kept here (R59).

import { ProtocolError } from '../../errors.js';
import type { Clock } from '../../platform/clock.js';
import { type LpdEvent, LpdReader } from '../../protocols/lpd/reader.js';
import type { ClientSocket } from './client-socket.js';
import type { BodyLimits } from '../guarded-body.js';
import { RateFloor } from './rate-floor.js';

export interface LpdEventLimits extends BodyLimits {
  /** For the first command line. */
  readonly headerTimeMs: number;
  readonly maxDocumentBytes: number;
  readonly lpdLineBytes: number;
}

const controlFileOctets = 64 * 1024;
/** Silence after count 0 and one zero octet that makes it an empty file: its sender waits for our answer. */
const settleMs = 1_000;

export class ClientEvents {
  readonly #client: ClientSocket;
  readonly #clock: Clock;
  readonly #limits: LpdEventLimits;
  readonly #reader: LpdReader;
  readonly #events: AsyncGenerator<LpdEvent>;

  constructor(client: ClientSocket, { clock, limits }: { readonly clock: Clock; readonly limits: LpdEventLimits }) {
    this.#client = client;
    this.#clock = clock;
    this.#limits = limits;
    this.#reader = new LpdReader({
      lineOctets: limits.lpdLineBytes,
      controlFileOctets,
      dataFileOctets: limits.maxDocumentBytes,
    });
    this.#events = this.#read();
  }

  /** The last one is `end`. Throws ProtocolError for what the client did wrong, being too slow included. */
  async next(): Promise<LpdEvent> {
    const { value, done } = await this.#events.next();
    return done === true ? { type: 'end', whole: false } : value;
  }

  /** The content of the data file that was announced last, whole; throws ProtocolError when the client goes away before. */
  async *content(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const event = await this.next();
      if (event.type === 'data-file-end') return;
      if (event.type !== 'content') throw new ProtocolError('cut', 'the connection ended inside a file');
      yield event.octets;
    }
  }

  async *#read(): AsyncGenerator<LpdEvent> {
    const reader = this.#reader;
    const { headerTimeMs, idleTimeMs } = this.#limits;
    const rate = new RateFloor(this.#limits);
    const accepted = this.#clock.monotonic();
    let commanded = false;
    for (;;) {
      const before = this.#clock.monotonic();
      const patience = commanded ? idleTimeMs : Math.max(0, headerTimeMs - (before - accepted));
      const next = await this.#client.next(reader.mayBeEmpty ? settleMs : patience);
      if (next === 'cut') return;
      if (next === 'end') {
        yield* reader.end();
        return;
      }
      if (next === 'idle' && reader.mayBeEmpty) yield* reader.settle();
      else if (next === 'idle') throw new ProtocolError('idle', 'the client was silent for too long');
      else {
        if (!reader.isBetween && !rate.note(next.length, this.#clock.monotonic() - before))
          throw new ProtocolError('too-slow', 'the client sends too slowly');
        for (const event of reader.push(next)) {
          commanded = true;
          yield event;
        }
      }
    }
  }
}
