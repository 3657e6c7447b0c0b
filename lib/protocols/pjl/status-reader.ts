// What a printer says on the back-channel: PJL status readback (HP PJL Technical Reference, chapters 7 "Status readback"
// and 5 "Job separation"). Messages start with `@PJL` at the start of a line and end with a form feed. Anything else on
// the wire (PostScript error messages, garbage) is skipped; a message beyond the limit is dropped whole.

export type PjlStatus =
  | {
      readonly kind: 'job';
      /** `START`, `END`, `CANCELED`, … as the printer spells it, in capitals. */
      readonly event: string;
      readonly name: string;
      readonly pages: number | undefined;
    }
  | { readonly kind: 'page'; readonly page: number }
  /** USTATUS DEVICE, USTATUS TIMED, INFO STATUS: a code of appendix D and what the display shows. */
  | { readonly kind: 'device'; readonly code: number; readonly display: string; readonly online: boolean | undefined }
  | { readonly kind: 'info'; readonly category: string; readonly lines: readonly string[] }
  | { readonly kind: 'echo'; readonly text: string };

/** Octets of one message; INFO VARIABLES of large devices takes about 6,000. */
const longestMessage = 16_384;
const longestText = 255;
const formFeed = 0x0c;

const clean = (text: string): string => {
  let visible = '';
  for (const character of text.slice(0, longestText)) {
    const code = character.charCodeAt(0);
    if (code >= 0x20 && !(code >= 0x7f && code <= 0x9f)) visible += character;
  }
  return visible.trim();
};

const unquoted = (text: string): string => clean(text.replace(/^"(.*)"$/s, '$1'));

const wholeNumber = (text: string | undefined): number | undefined => {
  const digits = /^\s*(\d{1,9})\s*$/.exec(text ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
};

const pairs = (lines: readonly string[]): Map<string, string> => {
  const found = new Map<string, string>();
  for (const line of lines) {
    const at = line.indexOf('=');
    if (at > 0) found.set(line.slice(0, at).trim().toUpperCase(), unquoted(line.slice(at + 1).trim()));
  }
  return found;
};

const device = (lines: readonly string[]): PjlStatus | undefined => {
  const values = pairs(lines);
  const code = wholeNumber(values.get('CODE'));
  if (code === undefined) return undefined;
  const online = values.get('ONLINE')?.toUpperCase();
  return {
    kind: 'device',
    code,
    display: values.get('DISPLAY') ?? '',
    online: online === undefined ? undefined : online === 'TRUE',
  };
};

const job = (lines: readonly string[]): PjlStatus | undefined => {
  const event = clean(lines[0] ?? '').toUpperCase();
  if (!/^[A-Z]+$/.test(event)) return undefined;
  const values = pairs(lines.slice(1));
  return { kind: 'job', event, name: values.get('NAME') ?? '', pages: wholeNumber(values.get('PAGES')) };
};

/** One message, from its `@PJL` to before the form feed. */
const read = (message: string): PjlStatus | undefined => {
  const [head = '', ...rest] = message.split(/\r?\n/);
  const lines = rest.filter((line) => line !== '');
  const [, command = '', subject = ''] = /^@PJL\s+([A-Z]+)\s*(.*)$/is.exec(head) ?? [];
  const what = `${command} ${clean(subject)}`.toUpperCase();
  if (command.toUpperCase() === 'ECHO') return { kind: 'echo', text: clean(subject) };
  if (what === 'USTATUS JOB') return job(lines);
  if (what === 'USTATUS DEVICE' || what === 'USTATUS TIMED' || what === 'INFO STATUS') return device(lines);
  if (what === 'USTATUS PAGE') {
    const page = wholeNumber(lines[0]);
    return page === undefined ? undefined : { kind: 'page', page };
  }
  if (command.toUpperCase() === 'INFO')
    return { kind: 'info', category: clean(subject).toUpperCase(), lines: lines.map(unquoted) };
  return undefined;
};

/** Splits at each `@PJL` that starts a line: printers forget form feeds. What precedes the first is no PJL. */
const messages = (text: string): string[] => text.split(/^(?=@PJL\s)/im).filter((part) => /^@PJL\s/i.test(part));

export class PjlStatusReader {
  #parts: string[] = [];
  #length = 0;

  /** The messages that end in this chunk. */
  push(chunk: Uint8Array): PjlStatus[] {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const found: PjlStatus[] = [];
    let start = 0;
    for (let end = bytes.indexOf(formFeed); end !== -1; end = bytes.indexOf(formFeed, start)) {
      this.#add(bytes.subarray(start, end));
      start = end + 1;
      for (const message of this.#take()) {
        const status = read(message);
        if (status !== undefined) found.push(status);
      }
    }
    this.#add(bytes.subarray(start));
    return found;
  }

  #add(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#length += bytes.length;
    if (this.#length > longestMessage) this.#parts = [];
    else this.#parts.push(bytes.toString('latin1'));
  }

  #take(): string[] {
    const whole = this.#length <= longestMessage ? messages(this.#parts.join('')) : [];
    this.#parts = [];
    this.#length = 0;
    return whole;
  }
}
