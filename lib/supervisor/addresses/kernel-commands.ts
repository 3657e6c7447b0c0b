// Carries out the commands of the address book with `ip` and `nft`, and says what is there.

import type { Clock } from '../../platform/clock.js';
import type { Command, CommandEnd } from './address-book.js';
import { type Present, putText, readPresent, removeText, showText } from './ip-text.js';
import { fenceText, setUpText, tearDownText, type FencePlace } from './nft-text.js';
import type { ProgramEnd, ProgramRunner } from './programs.js';

export interface KernelParts {
  readonly run: ProgramRunner;
  /** Where addresses are put; undefined: nowhere. */
  readonly dev: string | undefined;
  readonly fence: FencePlace;
  /** Absolute paths; undefined: not installed. */
  readonly ip: string | undefined;
  readonly nft: string | undefined;
  /** CLOCK_MONOTONIC, ms. */
  readonly clock: Clock;
}

export type Executed = CommandEnd & {
  /** Why it is not ok. */
  readonly error?: string;
  /** What was there before anything was put. */
  readonly before?: ReadonlySet<string>;
  /** What an earlier life may have left. */
  readonly left?: readonly string[];
};

/** A command that is not done by then never will be. */
const limitMs = 1_000;
/** The timers of a fence that took longer would run out too late: it is set again. */
const latestFenceMs = 300;

const whyNot = ({ status, stderr }: ProgramEnd, what: string): string =>
  `${what} ${status === undefined ? 'did not end' : `ended with status ${status}`}: ${stderr || 'it said nothing'}`;

export class KernelCommands {
  readonly #parts: KernelParts;
  #hasTable = false;

  constructor(parts: KernelParts) {
    this.#parts = parts;
  }

  async execute(command: Command): Promise<Executed> {
    switch (command.do) {
      case 'put':
        return this.#put(command);
      case 'remove':
        return this.#remove(command.addresses);
      case 'fence':
        return this.#setFence(command);
      case 'look':
        return this.#look();
      default:
        return command satisfies never;
    }
  }

  /** The table goes, with everything that is in it. */
  async tearDown(): Promise<void> {
    this.#hasTable = false;
    if (this.#parts.nft !== undefined) await this.#nft(tearDownText(this.#parts.fence));
  }

  async #put({ addresses, lifetimeS }: Extract<Command, { do: 'put' }>): Promise<Executed> {
    const text = showText(this.#dev()) + putText(addresses, { dev: this.#dev(), lifetimeS });
    const end = await this.#ip(['-json', '-force', '-batch', '-'], text);
    if (end.status === 0) return { ok: true, ...this.#before(end) };
    // The others in the batch may be there.
    return { ...(await this.#look()), ok: false, error: whyNot(end, 'ip') };
  }

  #before({ stdout }: ProgramEnd): Pick<Executed, 'before'> {
    try {
      return { before: readPresent(stdout, this.#dev()).addresses };
    } catch {
      return {};
    }
  }

  async #remove(addresses: readonly string[]): Promise<Executed> {
    const end = await this.#ip(['-force', '-batch', '-'], removeText(addresses, this.#dev()));
    const seen = await this.#look();
    // One that had gone already is no failure: what counts is what is seen.
    const still = addresses.filter((address) => seen.present?.has(address));
    return seen.ok && still.length > 0
      ? { ...seen, ok: false, error: `${still.join(', ')} still there; ${whyNot(end, 'ip')}` }
      : seen;
  }

  async #setFence({ fence }: Extract<Command, { do: 'fence' }>): Promise<Executed> {
    const { clock, fence: place } = this.#parts;
    const time = clock.monotonic();
    const text = fenceText(fence, { ...place, time });
    const end = await this.#nft(this.#hasTable ? text : setUpText(place) + text);
    this.#hasTable = end.status === 0;
    if (end.status !== 0) return { ok: false, error: whyNot(end, 'nft') };
    return clock.monotonic() - time > latestFenceMs ? { ok: false, error: 'nft took too long' } : { ok: true };
  }

  async #look(): Promise<Executed> {
    const end = await this.#ip(['-json', 'address', 'show']);
    if (end.status !== 0) return { ok: false, error: whyNot(end, 'ip') };
    let found: Present;
    try {
      found = readPresent(end.stdout, this.#dev());
    } catch (error) {
      return { ok: false, error: `ip cannot be understood: ${(error as Error).message}` };
    }
    return { ok: true, present: found.addresses, left: found.ours };
  }

  #dev(): string {
    const { dev } = this.#parts;
    if (dev === undefined) throw new Error('no addresses are put on this node');
    return dev;
  }

  #ip(args: readonly string[], input = ''): Promise<ProgramEnd> {
    return this.#run(this.#parts.ip, { name: 'ip', args, input });
  }

  #nft(input: string): Promise<ProgramEnd> {
    return this.#run(this.#parts.nft, { name: 'nft', args: ['-f', '-'], input });
  }

  async #run(
    file: string | undefined,
    { name, args, input }: { readonly name: string; readonly args: readonly string[]; readonly input: string },
  ): Promise<ProgramEnd> {
    if (file === undefined) return { status: undefined, stdout: '', stderr: `there is no ${name} on this machine` };
    return this.#parts.run({ file, args, input, limitMs });
  }
}
