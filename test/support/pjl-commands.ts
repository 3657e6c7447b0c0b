// Finds the PJL commands in a print stream, as the printer emulator needs it. Written apart from lib/protocols/pjl so
// that one mistake cannot hide in both.

const uel = Buffer.from('\x1b%-12345X', 'latin1');
const prefix = '@PJL';
const longestLine = 1024;

export class PjlCommands {
  #pending: Buffer = Buffer.alloc(0);
  #inPjl = true;

  /** The commands that end in this chunk, without `@PJL` and line end. */
  push(chunk: Uint8Array): string[] {
    const commands: string[] = [];
    this.#pending = this.#pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#pending, chunk]);
    while (this.#inPjl ? this.#line(commands) : this.#data());
    return commands;
  }

  /** Skips what is no PJL; whether there is more to look at. */
  #data(): boolean {
    const at = this.#pending.indexOf(uel);
    if (at === -1) {
      this.#pending = Buffer.from(this.#pending.subarray(Math.max(0, this.#pending.length - uel.length + 1)));
      return false;
    }
    this.#pending = this.#pending.subarray(at + uel.length);
    this.#inPjl = true;
    return true;
  }

  #line(commands: string[]): boolean {
    const start = this.#pending.toString('latin1', 0, prefix.length);
    if (!prefix.startsWith(start)) {
      this.#inPjl = false;
      return true;
    }
    const end = this.#pending.indexOf(0x0a);
    if (end === -1) {
      if (this.#pending.length <= longestLine) return false;
      this.#inPjl = false;
      return true;
    }
    const command = this.#pending.toString('latin1', prefix.length, end).trim();
    this.#pending = this.#pending.subarray(end + 1);
    if (command !== '') commands.push(command);
    if (/^ENTER\s+LANGUAGE\b/i.test(command)) this.#inPjl = false;
    return true;
  }
}
