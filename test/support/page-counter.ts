// A rough count of the pages in a print stream, for the printer emulator: good enough for the documents that the tests
// print, no interpreter. PDF: page objects outside object streams. PostScript: `%%Page:` comments, else lines that say
// showpage. Anything else: form feeds, and one page more for what follows the last of them.

type Language = 'pdf' | 'postscript' | 'other';

const uel = '\x1b%-12345X';
const sniffed = 4096;
/** More than the longest mark, so that none is lost between two chunks. */
const held = 32;

const countMatches = (text: string, mark: RegExp): { count: number; end: number } => {
  let count = 0;
  let end = 0;
  for (const match of text.matchAll(mark)) {
    // What follows a match at the very end is not known yet: it is looked at again with the next chunk.
    if (match.index + match[0].length === text.length) break;
    count += 1;
    end = match.index + match[0].length;
  }
  return { count, end };
};

export class PageCounter {
  #head = '';
  #language: Language | undefined;
  #tail = '';
  #comments = 0;
  #marks = 0;
  #unfinished = false;

  /** Pages seen so far. */
  get pages(): number {
    return this.#comments > 0 ? this.#comments : this.#marks;
  }

  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#language !== undefined) return this.#count(bytes);
    this.#head += bytes.toString('latin1');
    if (this.#head.length >= sniffed) this.#decide();
  }

  /** The count when no more bytes follow. */
  end(): number {
    if (this.#language === undefined) this.#decide();
    this.#count(Buffer.from('\n'));
    if (this.#unfinished) this.#marks += 1;
    this.#unfinished = false;
    return this.pages;
  }

  #decide(): void {
    const head = this.#head;
    this.#language = head.includes('%PDF-') ? 'pdf' : head.includes('%!') ? 'postscript' : 'other';
    this.#head = '';
    this.#count(Buffer.from(head, 'latin1'));
  }

  #count(bytes: Buffer): void {
    if (this.#language === 'other') return this.#countFormFeeds(bytes);
    const text = this.#tail + bytes.toString('latin1');
    const page = this.#language === 'pdf' ? /\/Type\s{0,4}\/Page(?!\w)/g : /[\r\n]\s{0,8}showpage\b/g;
    const marks = countMatches(text, page);
    const comments = this.#language === 'pdf' ? { count: 0, end: 0 } : countMatches(text, /[\r\n]%%Page:/g);
    this.#marks += marks.count;
    this.#comments += comments.count;
    this.#tail = text.slice(Math.max(marks.end, comments.end, text.length - held));
  }

  #countFormFeeds(bytes: Buffer): void {
    let after = 0;
    for (let at = bytes.indexOf(0x0c); at !== -1; at = bytes.indexOf(0x0c, after)) {
      this.#marks += 1;
      this.#unfinished = false;
      after = at + 1;
    }
    const rest = this.#unfinished ? '' : bytes.subarray(after).toString('latin1').replaceAll(uel, '');
    const printed = rest.replace(/@PJL[^\n]*/g, '').trim();
    if (printed !== '') this.#unfinished = true;
  }
}
