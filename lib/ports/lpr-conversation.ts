// One conversation with an LPD device: octets out, single acknowledgements in. Each step gives the outcome that ended it, or null to go on.

import type { Evidence, Outcome, Result } from '../model/outcome.js';
import type { Clock } from '../platform/clock.js';
import { acknowledged } from '../protocols/lpd/commands.js';
import { decodeText } from '../protocols/lpd/text.js';
import { describeFailure } from './connect.js';
import type { DeviceLink } from './device-link.js';
import type { Delivery, Phase } from './port.js';

/** Silence that is shown (R41). */
const stallMs = 30_000;
/** How often ownership is asked for while we wait. */
const tickMs = 1_000;
const longestComment = 200;

export class LprConversation {
  readonly #link: DeviceLink;
  readonly #clock: Clock;
  readonly #delivery: Delivery;
  #heard: Buffer = Buffer.alloc(0);
  #onRefusal: () => void = () => {};
  #handed = 0;
  #written = 0;
  #confirmed = 0;

  constructor(link: DeviceLink, { clock, delivery }: { readonly clock: Clock; readonly delivery: Delivery }) {
    this.#link = link;
    this.#clock = clock;
    this.#delivery = delivery;
    link.listen((chunk) => {
      if (this.#heard.length < longestComment)
        this.#heard = Buffer.concat([this.#heard, chunk.subarray(0, longestComment)]);
      if (this.#isRefused()) this.#onRefusal();
    });
  }

  /** `file` says in the outcome what was refused; `document` counts the octets as the job's. */
  async send(octets: Uint8Array, { file, document }: { file: string; document: boolean }): Promise<Outcome | null> {
    const ended = this.#ended();
    if (ended !== null) return ended;
    if (document) this.#handed += octets.length;
    const refused = new Promise<void>((resolve) => {
      this.#onRefusal = resolve;
    });
    const cancel = this.#clock.after(stallMs, () => this.report('stalled', 'the printer takes no data'));
    await Promise.race([this.#link.send(octets), refused]);
    cancel();
    if (this.#isRefused()) return this.#refused(file);
    if (this.#link.broken) return this.#broken();
    if (document) this.#written += octets.length;
    return null;
  }

  /** Waits for the octet that acknowledges; without `withinMs` for ever, as for a printer that is out of paper (R42). */
  async acknowledgement(
    file: string,
    { phase, withinMs }: { phase: Phase; withinMs?: number },
  ): Promise<Outcome | null> {
    this.report(phase, '');
    const started = this.#clock.monotonic();
    let shown = false;
    while (this.#heard.length === 0) {
      const ended = this.#ended();
      if (ended !== null) return ended;
      const waited = this.#clock.monotonic() - started;
      if (withinMs !== undefined && waited >= withinMs)
        return this.#outcome('busy', `the printer does not answer to ${file}`);
      if (waited >= stallMs && !shown) this.report('stalled', `the printer has not acknowledged ${file} yet`);
      shown ||= waited >= stallMs;
      await this.#link.event(tickMs);
    }
    if (this.#isRefused()) return this.#refused(file);
    this.#heard = this.#heard.subarray(1);
    return null;
  }

  /** Everything sent so far was acknowledged. */
  confirm(): void {
    this.#confirmed = this.#written;
  }

  /** LPD knows no later confirmation than the acknowledgement of the last file. */
  delivered(): Outcome {
    return {
      result: 'delivered',
      evidence: 'confirmed',
      detail: 'the printer acknowledged the job',
      bytes: this.#written,
    };
  }

  report(phase: Phase, detail: string): void {
    this.#delivery.progress({ phase, written: this.#written, drained: this.#confirmed, detail });
  }

  #isRefused(): boolean {
    return this.#heard.length > 0 && this.#heard[0] !== acknowledged;
  }

  /** Before the first octet of a document a refusal means "not now" (queue disabled, no room); later on it is about the job. */
  #refused(file: string): Outcome {
    const [octet = 0] = this.#heard;
    const comment = decodeText(this.#heard.subarray(1)).trim();
    const said = comment === '' ? '' : `: ${octet >= 0x20 ? String.fromCharCode(octet) : ''}${comment}`;
    return this.#outcome(
      this.#handed === 0 ? 'busy' : 'rejected',
      `the printer refused ${file} with octet ${octet}${said}`,
    );
  }

  #ended(): Outcome | null {
    if (!this.#delivery.mayContinue()) this.#link.reset('lost-ownership');
    return this.#link.broken || (this.#link.peerEnded && this.#heard.length === 0) ? this.#broken() : null;
  }

  #broken(): Outcome {
    const { cut, failure } = this.#link;
    if (cut === 'canceled') return this.#outcome('canceled', 'the attempt was ended from our side');
    if (cut === 'lost-ownership') return this.#outcome('lost-ownership', 'this node owns the printer no more');
    const cause = failure === undefined ? 'closed the connection' : describeFailure(failure);
    // A device that closes before it has seen a document is busy with another, or full.
    const result = this.#handed === 0 ? 'busy' : 'interrupted';
    return this.#outcome(result, `the printer ${cause} before it acknowledged the job`);
  }

  #outcome(result: Result, detail: string): Outcome {
    const evidence: Evidence = this.#handed === 0 ? 'not-started' : 'partial';
    return { result, evidence, detail, bytes: this.#written };
  }
}
