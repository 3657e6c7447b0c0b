// Runs the commands of the address book one after the other, and tells those who wait what became of them.

import type { NewsOfAddress } from '../../cluster/watchdog.js';
import type { Clock } from '../../platform/clock.js';
import type { Log } from '../../platform/log.js';
import * as book from './address-book.js';
import type { Addresses } from './addresses.js';
import type { Announcer } from './announcer.js';
import type { KernelCommands } from './kernel-commands.js';

export interface KernelAddressesParts {
  readonly commands: Pick<KernelCommands, 'execute' | 'tearDown'>;
  readonly book: book.Book;
  /** CLOCK_MONOTONIC. */
  readonly clock: Clock;
  readonly log: Log;
  /** Undefined where addresses are not put. */
  readonly announcer: (
    onForeign: (address: string, hardware: string) => void,
  ) => Pick<Announcer, 'start' | 'stop'> | undefined;
  readonly probe: (address: string) => Promise<string | undefined>;
}

interface Waiter {
  readonly isMet: () => boolean;
  /** Of these commands a failure ends the wait. */
  readonly needs: readonly book.Command['do'][];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class KernelAddresses implements Addresses {
  readonly #parts: KernelAddressesParts;
  readonly #announcer: Pick<Announcer, 'start' | 'stop'> | undefined;
  #book: book.Book;
  #waiters: Waiter[] = [];
  #isRunning = false;
  #isClosed = false;
  readonly #announced = new Set<string>();
  #looksBegun = 0;
  /** The newest look at what is there that ended well. */
  #lastLook = 0;
  /** A look is due that begins after now. */
  #isLookAsked = false;
  #isFirstLook = true;
  #cancelTimer: () => void = () => {};
  #tell: (news: NewsOfAddress) => void = () => {};

  constructor(parts: KernelAddressesParts) {
    this.#parts = parts;
    this.#book = parts.book;
    this.#announcer = parts.announcer((address, hardware) => this.#foreign(address, hardware));
  }

  async prepare(): Promise<string | undefined> {
    try {
      // The first look also finds what an earlier life left.
      await this.removeAll();
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  async up(address: string): Promise<void> {
    if (this.#book.confirmation === undefined) throw new Error('no renewal is confirmed: no address may be here');
    this.#change(book.want(this.#book, address));
    await this.#until(() => book.isUp(this.#book, address), ['put', 'fence']);
  }

  async down(address: string): Promise<void> {
    this.#change(book.unwant(this.#book, address));
    await this.#until(() => book.isDown(this.#book, address), ['remove', 'fence']);
  }

  async setClosing(address: string, isClosing: boolean): Promise<void> {
    if (!this.#book.wanted.has(address)) return;
    this.#change(book.setClosing(this.#book, address, isClosing));
    await this.#until(
      () => !this.#book.fences || this.#book.fence?.closing.includes(address) === isClosing,
      ['fence', 'remove'],
    );
  }

  probe(address: string): Promise<string | undefined> {
    return this.#parts.probe(address);
  }

  renewed(confirmation: book.Confirmation): void {
    this.#change(book.renewed(this.#book, confirmation));
  }

  async removeAll(): Promise<void> {
    const before = this.#looksBegun;
    this.#isLookAsked = true;
    this.#change(book.doubt(book.endLife(this.#book)));
    this.#settle({ do: 'put', why: 'the life that asked for it is over' });
    const isSeen = (): boolean => !this.#book.puts || this.#lastLook > before;
    const isClosed = (): boolean => !this.#book.fences || this.#book.fence?.open.length === 0;
    await this.#until(() => isSeen() && this.#book.there.size === 0 && isClosed(), ['remove', 'look', 'fence']);
  }

  onNews(listener: (news: NewsOfAddress) => void): void {
    this.#tell = listener;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelTimer();
    await this.#announcer?.stop([...this.#announced]);
    await this.#parts.commands.tearDown();
  }

  #change(next: book.Book): void {
    this.#book = next;
    this.#pump();
  }

  #until(isMet: () => boolean, needs: Waiter['needs']): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ isMet, needs, resolve, reject });
      this.#settle();
    });
  }

  #settle(failed?: { readonly do: book.Command['do']; readonly why: string }): void {
    this.#waiters = this.#waiters.filter(({ isMet, needs, resolve, reject }) => {
      if (isMet()) resolve();
      else if (failed !== undefined && needs.includes(failed.do)) reject(new Error(failed.why));
      else return true;
      return false;
    });
  }

  #pump(): void {
    const { clock } = this.#parts;
    if (this.#isRunning || this.#isClosed) return;
    this.#cancelTimer();
    const time = clock.monotonic();
    const command = book.nextCommand(this.#book, time);
    if (command !== undefined) return void this.#run(command);
    const at = book.nextCommandAt(this.#book, time);
    if (at !== undefined) this.#cancelTimer = clock.after(Math.max(1, at - time), () => this.#pump());
  }

  async #run(command: book.Command): Promise<void> {
    const { commands, clock, log } = this.#parts;
    this.#isRunning = true;
    const looks = command.do === 'look' || command.do === 'remove';
    if (looks) this.#isLookAsked = false;
    const number = looks ? (this.#looksBegun += 1) : this.#looksBegun;
    if (command.do === 'remove') await this.#silence(command.addresses);
    const { there } = this.#book;
    this.#book = book.began(this.#book, command, clock.monotonic());
    const end = await commands.execute(command);
    const time = clock.monotonic();
    if (looks && end.ok) this.#lastLook = number;
    if (this.#isFirstLook && end.left !== undefined) this.#book = book.foundLeft(this.#book, end.left);
    this.#isFirstLook &&= end.left === undefined;
    const seen = end.before ?? end.present;
    if (seen !== undefined) await this.#miss(seen, { there, time });
    this.#book = book.ended(this.#book, command, end, time);
    if (this.#isLookAsked) this.#book = book.doubt(this.#book);
    if (end.error !== undefined) log.error({ command: command.do, why: end.error }, 'a command about addresses failed');
    if (command.do === 'put' && this.#book.recalled.size > 0)
      log.warn({ addresses: command.addresses }, 'addresses were refreshed too late: they go until the next renewal');
    if (command.do === 'put') this.#announce(command.addresses);
    this.#isRunning = false;
    this.#settle(end.ok ? undefined : { do: command.do, why: end.error ?? 'it failed' });
    this.#pump();
  }

  /** An address that was announced and is not there any more. */
  async #miss(
    seen: ReadonlySet<string>,
    { there, time }: { readonly there: ReadonlyMap<string, number>; readonly time: number },
  ): Promise<void> {
    const lost = [...this.#announced].filter((address) => !seen.has(address));
    await this.#silence(lost);
    for (const address of lost) {
      if (!this.#book.wanted.has(address)) continue;
      const text = time < (there.get(address) ?? 0) ? 'something else removed it' : 'it was not refreshed in time';
      this.#parts.log.warn({ address }, `an address was gone and is put back: ${text}`);
      this.#tell({ address, code: 'address-lost', text: `${text}; it is put back` });
    }
  }

  #announce(addresses: readonly string[]): void {
    for (const address of addresses)
      if (book.isUp(this.#book, address) && !this.#announced.has(address)) {
        this.#announced.add(address);
        this.#announcer?.start(address);
      }
  }

  /** Nothing may be announced of an address that is not there. */
  async #silence(addresses: readonly string[]): Promise<void> {
    for (const address of addresses) this.#announced.delete(address);
    await this.#announcer?.stop(addresses);
  }

  #foreign(address: string, hardware: string): void {
    this.#parts.log.warn({ address, hardware }, 'another host says that it has an address of this node');
    this.#tell({ address, code: 'address-conflict', text: `${hardware} says that it has it, too` });
  }
}
