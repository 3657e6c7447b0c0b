// A buffer that grows, with the fields of RFC 8010 (integers big-endian, two-octet lengths) written straight into it.

const inline = 64;

export class ByteWriter {
  #buffer = Buffer.allocUnsafe(1024);
  #length = 0;

  #reserve(octets: number): number {
    const at = this.#length;
    this.#length += octets;
    if (this.#length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length, this.#buffer.length * 2));
      this.#buffer.copy(larger, 0, 0, at);
      this.#buffer = larger;
    }
    return at;
  }

  octet(value: number): void {
    const at = this.#reserve(1);
    this.#buffer[at] = value;
  }

  short(value: number): void {
    const at = this.#reserve(2);
    this.#buffer[at] = value >>> 8;
    this.#buffer[at + 1] = value;
  }

  integer(value: number): void {
    if ((value | 0) !== value) throw new RangeError(`${value} is not an integer of 32 bits`);
    const at = this.#reserve(4);
    this.#buffer[at] = value >>> 24;
    this.#buffer[at + 1] = value >>> 16;
    this.#buffer[at + 2] = value >>> 8;
    this.#buffer[at + 3] = value;
  }

  octets(value: Uint8Array): void {
    const at = this.#reserve(value.length);
    this.#buffer.set(value, at);
  }

  /** Its length, then the octets. */
  sizedOctets(value: Uint8Array): void {
    this.short(checkedLength(value.length));
    this.octets(value);
  }

  /** Its length, then the string in UTF-8. Short ASCII, which is nearly everything, stays out of the encoder. */
  sizedText(text: string): void {
    const at = this.#reserve(2 + text.length);
    if (text.length <= inline && this.#writeAscii(text, at + 2)) {
      this.#buffer[at] = 0;
      this.#buffer[at + 1] = text.length;
      return;
    }
    this.#length = at;
    const length = checkedLength(Buffer.byteLength(text));
    this.short(length);
    const start = this.#reserve(length);
    this.#buffer.write(text, start, 'utf8');
  }

  #writeAscii(text: string, at: number): boolean {
    for (let i = 0; i < text.length; i += 1) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      this.#buffer[at + i] = code;
    }
    return true;
  }

  /** What was written. The writer must not be used any more. */
  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }
}

const checkedLength = (length: number): number => {
  if (length > 0x7fff) throw new RangeError(`a field of ${length} octets is longer than 32767`);
  return length;
};
