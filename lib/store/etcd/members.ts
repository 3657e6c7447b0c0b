// Which member a try goes to: the first of the list that is not suspect; after a failure the next; back as soon as a probe of the suspect was answered.

import type { Clock } from '../../platform/clock.js';
import type { Gateway, TryOutcome } from './gateway.js';
import { meaningOf } from './refusals.js';
import type { Fields } from './wire.js';
import { clusterOf, paths, revisionRequest } from './wire.js';

export interface Member {
  readonly gateway: Gateway;
  /** Number of the failure that made it suspect; 0: none. */
  suspect: number;
}

export interface MembersOptions {
  readonly gateways: readonly Gateway[];
  readonly clock: Clock;
  readonly probeEveryMs: number;
  readonly probeTimeoutMs: number;
}

export class Members {
  readonly #options: MembersOptions;
  readonly #members: readonly Member[];
  readonly #probes = new Map<Member, () => void>();
  /** The cluster that answered first. */
  #cluster: string | undefined;
  #failures = 0;
  #closed = false;

  constructor(options: MembersOptions) {
    this.#options = options;
    this.#members = options.gateways.map((gateway) => ({ gateway, suspect: 0 }));
  }

  /** The best member that is not in `tried`; of suspects, the one whose failure is longest ago. */
  pick(tried: ReadonlySet<Member>): Member | undefined {
    return this.#members
      .filter((member) => !tried.has(member))
      .reduce<Member | undefined>(
        (best, member) => (best === undefined || member.suspect < best.suspect ? member : best),
        undefined,
      );
  }

  /** Puts one question to one member, and remembers how that went. */
  async ask(member: Member, path: string, body: Fields, timeoutMs: number): Promise<TryOutcome> {
    const outcome = await member.gateway.post(path, body, timeoutMs);
    const judged = outcome.kind === 'answer' ? this.#judge(member, outcome) : outcome;
    const works =
      judged.kind === 'answer' ||
      (judged.kind === 'refusal' && ['mistake', 'compacted'].includes(meaningOf(judged.refusal)));
    if (works) this.#worked(member);
    else this.failed(member);
    return judged;
  }

  /** True when the member answers a question that needs the majority. */
  async probe(member: Member): Promise<boolean> {
    return (await this.ask(member, paths.range, revisionRequest, this.#options.probeTimeoutMs)).kind === 'answer';
  }

  /** A member that was wiped and started anew, or a wrong endpoint, is a cluster of its own: two truths. */
  isForeign(answer: Fields): boolean {
    this.#cluster ??= clusterOf(answer);
    return this.#cluster !== clusterOf(answer);
  }

  failed(member: Member): void {
    this.#failures += 1;
    member.suspect = this.#failures;
    this.#probeLater(member);
  }

  close(): void {
    this.#closed = true;
    for (const cancel of this.#probes.values()) cancel();
    this.#probes.clear();
    for (const { gateway } of this.#members) gateway.close();
  }

  #worked(member: Member): void {
    member.suspect = 0;
    this.#probes.get(member)?.();
    this.#probes.delete(member);
  }

  #judge(member: Member, outcome: TryOutcome & { kind: 'answer' }): TryOutcome {
    if (!this.isForeign(outcome.answer)) return outcome;
    return { kind: 'lost', cause: new Error(`${member.gateway.name} belongs to another etcd cluster`) };
  }

  #probeLater(member: Member): void {
    if (this.#closed || this.#probes.has(member)) return;
    const { clock, probeEveryMs } = this.#options;
    const cancel = clock.after(probeEveryMs, () => {
      this.#probes.delete(member);
      void this.probe(member);
    });
    this.#probes.set(member, cancel);
  }
}
