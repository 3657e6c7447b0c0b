// A port that does what a test tells it: keeps what it was given, waits at a gate, ends with the outcome that is next in line.

import type { Outcome } from '../../lib/model/outcome.js';
import type { Delivery, Port, PortTarget } from '../../lib/ports/port.js';

export const delivered: Outcome = { result: 'delivered', evidence: 'confirmed', detail: 'printed', bytes: 0 };

export interface ScriptedDelivery {
  readonly job: Delivery['job'];
  readonly deviceUri: PortTarget['uri'];
  readonly copies: number;
  /** Octets of each document. */
  readonly documents: readonly Buffer[];
}

export class ScriptedPort implements Port {
  /** What was delivered, in order. */
  readonly deliveries: ScriptedDelivery[] = [];
  /** The outcomes of the next attempts; when empty, `delivered`. */
  readonly outcomes: Outcome[] = [];
  #gate: { readonly closed: Promise<void>; readonly open: () => void } | undefined;
  #arrivals: (() => void)[] = [];
  #atGate = 0;

  /** From now on every attempt stops after it has begun, until `open`. */
  close(): void {
    let open = (): void => {};
    const closed = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.#gate = { closed, open };
  }

  open(): void {
    this.#gate?.open();
    this.#gate = undefined;
  }

  /** Resolves when an attempt stands at the closed gate. */
  async arrival(): Promise<void> {
    while (this.#atGate === 0) await new Promise<void>((resolve) => this.#arrivals.push(resolve));
  }

  async print({ uri }: PortTarget, delivery: Delivery): Promise<Outcome> {
    const outcome = this.outcomes.shift() ?? delivered;
    delivery.progress({ phase: 'connecting', written: 0, drained: 0, detail: '' });
    if (outcome.evidence === 'not-started') return outcome;
    await delivery.begin({ sourcePort: 40_000 });
    delivery.progress({ phase: 'sending', written: 0, drained: 0, detail: '' });
    await this.#pass(delivery.signal);
    if (delivery.signal.aborted) return { result: 'canceled', evidence: 'partial', detail: 'canceled', bytes: 0 };
    const documents: Buffer[] = [];
    for (const document of delivery.documents) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of document.open()) chunks.push(Buffer.from(chunk));
      documents.push(Buffer.concat(chunks));
    }
    this.deliveries.push({ job: delivery.job, deviceUri: uri, copies: delivery.copies, documents });
    return { ...outcome, bytes: documents.reduce((sum, { length }) => sum + length, 0) * delivery.copies };
  }

  async #pass(signal: AbortSignal): Promise<void> {
    if (this.#gate === undefined) return;
    this.#atGate += 1;
    for (const arrived of this.#arrivals.splice(0)) arrived();
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    await Promise.race([this.#gate.closed, aborted]);
    this.#atGate -= 1;
  }
}
