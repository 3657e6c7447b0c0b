// Octets to an IPP message (RFC 8010 section 3.1), fed in pieces of any size. Each field is asked for by its length, so
// that no octet is looked at twice; nothing beyond the limits is ever held.
import { ProtocolError } from '../../errors.js';
import { type IppLimits, longestField, longestName, requestLimits } from './limits.js';
import { firstValueTag, groupTags, tags } from './tags.js';
import { badRequest, checkLength, decodeText, decodeValue, MalformedText } from './value-decoder.js';
import type { IppAttribute, IppHeader, IppMessage, IppValue } from './values.js';

export type ReadResult =
  | { readonly done: false }
  | { readonly done: true; readonly message: IppMessage; readonly rest: Uint8Array };

type Field = 'header' | 'tag' | 'name-length' | 'name' | 'value-length' | 'value';

interface OpenAttribute extends IppAttribute {
  readonly values: IppValue[];
}

/** A group, or a collection in it, that is being filled. */
interface Scope {
  readonly attributes: OpenAttribute[];
}

const headerOctets = 8;
const unfinished: ReadResult = { done: false };
const supportedCharset = /^(?:utf-8|us-ascii)$/i;

/**
 * Throws ProtocolError with the IPP status to answer as its hint; `header` is there for the answer as soon as eight
 * octets have come. What the RFCs say about the meaning of a well-formed request is in request-rules.ts.
 */
export class MessageReader {
  readonly #limits: IppLimits;
  readonly #groups: { readonly tag: number; readonly attributes: OpenAttribute[] }[] = [];
  /** The group and the collections that are open, innermost last. */
  readonly #scopes: Scope[] = [];
  #header: IppHeader | undefined;
  #field: Field = 'header';
  /** Octets that the field has. */
  #need = headerOctets;
  /** Octets of a field that came in pieces. */
  #pieces = new Uint8Array(headerOctets);
  #held = 0;
  #octets = headerOctets;
  #attributes = 0;
  #values = 0;
  #tag = 0;
  #name = '';
  #failure: ProtocolError | undefined;
  #done = false;

  constructor(limits: Partial<IppLimits> = {}) {
    this.#limits = { ...requestLimits, ...limits };
  }

  get header(): IppHeader | undefined {
    return this.#header;
  }

  /** `rest`: what came after the end-of-attributes tag, a view of `bytes`. To be called no more after that. */
  push(bytes: Uint8Array): ReadResult {
    if (this.#failure) throw this.#failure;
    if (this.#done) throw new Error('the message has been read');
    try {
      return this.#read(bytes);
    } catch (error) {
      if (error instanceof ProtocolError) this.#failure = this.#explained(error);
      throw this.#failure ?? error;
    }
  }

  #read(bytes: Uint8Array): ReadResult {
    let at = 0;
    while (!this.#done) {
      const need = this.#need;
      if (this.#held === 0 && bytes.length - at >= need) {
        this.#take(bytes.subarray(at, at + need));
        at += need;
        continue;
      }
      if (this.#pieces.length < need) this.#pieces = new Uint8Array(need);
      const piece = bytes.subarray(at, at + need - this.#held);
      this.#pieces.set(piece, this.#held);
      this.#held += piece.length;
      at += piece.length;
      if (this.#held < need) return unfinished;
      this.#held = 0;
      this.#take(this.#pieces.subarray(0, need));
    }
    if (!this.#header) throw new Error('a message ended before its header');
    return { done: true, message: { ...this.#header, groups: this.#groups }, rest: bytes.subarray(at) };
  }

  #expect(field: Field, octets: number): void {
    this.#octets += octets;
    if (this.#octets > this.#limits.messageOctets) throw this.#tooLarge('octets', this.#limits.messageOctets);
    this.#field = field;
    this.#need = octets;
  }

  #take(octets: Uint8Array): void {
    const [high = 0, low = 0] = octets;
    switch (this.#field) {
      case 'header':
        this.#takeHeader(octets);
        return;
      case 'tag':
        this.#takeTag(high);
        return;
      case 'name-length':
        this.#takeNameLength((high << 8) | low);
        return;
      case 'name':
        this.#name = decodeText(octets, this.#limits.lenient);
        this.#expect('value-length', 2);
        return;
      case 'value-length':
        checkLength(this.#tag, (high << 8) | low, this.#limits.lenient);
        this.#expect('value', (high << 8) | low);
        return;
      case 'value':
        this.#takeValue(octets);
        this.#expect('tag', 1);
        return;
    }
  }

  #takeHeader(octets: Uint8Array): void {
    const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
    this.#header = {
      version: { major: view.getInt8(0), minor: view.getInt8(1) },
      code: view.getUint16(2),
      requestId: view.getInt32(4),
    };
    this.#expect('tag', 1);
  }

  #takeTag(tag: number): void {
    if (tag >= firstValueTag) {
      if (this.#scopes.length === 0) throw badRequest('a value stands before the first group');
      this.#tag = tag;
      this.#expect('name-length', 2);
      return;
    }
    if (this.#scopes.length > 1) throw badRequest('a group begins or ends inside a collection');
    if (tag === groupTags.end) {
      this.#done = true;
      return;
    }
    if (tag === 0) throw badRequest('the delimiter tag 0x00 is reserved');
    const group = { tag, attributes: [] };
    this.#groups.push(group);
    this.#scopes[0] = group;
    this.#expect('tag', 1);
  }

  #takeNameLength(length: number): void {
    if (length > longestField) throw badRequest(`name-length ${length} is negative as SIGNED-SHORT`);
    if (length > longestName) throw badRequest(`a name has ${length} octets, more than ${longestName}`);
    this.#name = '';
    if (length === 0) this.#expect('value-length', 2);
    else this.#expect('name', length);
  }

  #takeValue(octets: Uint8Array): void {
    const { lenient, collectionDepth } = this.#limits;
    const inCollection = this.#scopes.length > 1;
    if (inCollection && this.#name !== '') throw badRequest('a name stands inside a collection');
    if (this.#tag === tags.memberAttrName || this.#tag === tags.endCollection) {
      if (!inCollection) throw badRequest('a member or an end of collection stands outside of a collection');
      this.#checkMember();
      if (this.#tag === tags.endCollection) this.#scopes.pop();
      else this.#addAttribute(decodeText(octets, lenient));
      return;
    }
    if (this.#name !== '') this.#addAttribute(this.#name);
    if (this.#tag !== tags.begCollection) {
      this.#addValue(decodeValue(this.#tag, octets, lenient));
      return;
    }
    if (this.#scopes.length > collectionDepth) throw this.#tooLarge('nested collections', collectionDepth);
    const attributes: OpenAttribute[] = [];
    this.#addValue({ tag: tags.begCollection, value: attributes });
    this.#scopes.push({ attributes });
  }

  /** Each member has a value (RFC 8010 section 3.1.7). */
  #checkMember(): void {
    if (this.#scopes.at(-1)?.attributes.at(-1)?.values.length === 0) throw badRequest('a member has no value');
  }

  #addAttribute(name: string): void {
    if (name === '') throw badRequest('a member has no name');
    this.#attributes += 1;
    if (this.#attributes > this.#limits.attributes) throw this.#tooLarge('attributes', this.#limits.attributes);
    this.#scopes.at(-1)?.attributes.push({ name, values: [] });
  }

  #addValue(value: IppValue): void {
    const attribute = this.#scopes.at(-1)?.attributes.at(-1);
    if (!attribute) throw badRequest('an additional value has no attribute before it');
    this.#values += 1;
    if (this.#values > this.#limits.values) throw this.#tooLarge('values', this.#limits.values);
    attribute.values.push(value);
  }

  #tooLarge(what: string, limit: number): ProtocolError {
    return new ProtocolError('client-error-request-entity-too-large', `the message has more than ${limit} ${what}`);
  }

  /** Octets that are no UTF-8 are right in a charset that we do not have (RFC 8011 section 4.1.4.1). */
  #explained(error: ProtocolError): ProtocolError {
    if (!(error instanceof MalformedText)) return error;
    const first = this.#groups[0]?.attributes[0];
    const charset = first?.name === 'attributes-charset' ? first.values[0] : undefined;
    if (charset?.tag !== tags.charset || supportedCharset.test(charset.value)) return error;
    return new ProtocolError('client-error-charset-not-supported', `the charset ${charset.value} is not supported`);
  }
}

/** A whole message at once; one that ends too early is a ProtocolError. */
export const decodeMessage = (
  bytes: Uint8Array,
  limits?: Partial<IppLimits>,
): { readonly message: IppMessage; readonly rest: Uint8Array } => {
  const result = new MessageReader(limits).push(bytes);
  if (!result.done) throw badRequest('the message ends before its end-of-attributes tag');
  return { message: result.message, rest: result.rest };
};
