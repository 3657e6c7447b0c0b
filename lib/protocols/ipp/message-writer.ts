// An IPP message to octets (RFC 8010 section 3.1). A value that cannot be told on the wire is a bug here: RangeError.
import { ByteWriter } from './byte-writer.js';
import { groupTags, tags } from './tags.js';
import {
  type IppAttribute,
  type IppGroup,
  type IppHeader,
  type IppMessage,
  type IppValue,
  isOutOfBand,
  isRaw,
  isString,
} from './values.js';

/** The octet that ends the attributes; document data may follow it. */
export const endOfAttributes: Uint8Array = Uint8Array.of(groupTags.end);

/** The eight octets before the groups. */
export const encodeHeader = (header: IppHeader): Uint8Array => {
  const writer = new ByteWriter();
  writeHeader(writer, header);
  return writer.finish();
};

/** One group with its delimiter tag, to be kept or sent piecewise between `encodeHeader` and `endOfAttributes`. */
export const encodeAttributes = (group: IppGroup): Uint8Array => {
  const writer = new ByteWriter();
  writeGroup(writer, group);
  return writer.finish();
};

export const encodeMessage = (message: IppMessage): Uint8Array => {
  const writer = new ByteWriter();
  writeHeader(writer, message);
  for (const group of message.groups) writeGroup(writer, group);
  writer.octet(groupTags.end);
  return writer.finish();
};

const writeHeader = (writer: ByteWriter, { version, code, requestId }: IppHeader): void => {
  writer.octet(version.major);
  writer.octet(version.minor);
  writer.short(code);
  writer.integer(requestId);
};

const writeGroup = (writer: ByteWriter, group: IppGroup): void => {
  writer.octet(group.tag);
  for (const attribute of group.attributes) {
    checkAttribute(attribute);
    let name = attribute.name;
    for (const value of attribute.values) {
      writer.octet(value.tag);
      writer.sizedText(name);
      writeValue(writer, value);
      name = '';
    }
  }
};

const checkAttribute = (attribute: IppAttribute): void => {
  if (attribute.name === '') throw new RangeError('an attribute has no name');
  if (attribute.values.length === 0) throw new RangeError(`the attribute ${attribute.name} has no value`);
};

/** Length and octets of a value; for a collection its members and its end, too (RFC 8010 section 3.1.6). */
const writeValue = (writer: ByteWriter, value: IppValue): void => {
  if (isString(value)) {
    writer.sizedText(value.value);
    return;
  }
  if (isOutOfBand(value)) {
    writer.short(0);
    return;
  }
  if (isRaw(value)) {
    writer.sizedOctets(value.value);
    return;
  }
  switch (value.tag) {
    case tags.integer:
    case tags.enum:
      writer.short(4);
      writer.integer(value.value);
      return;
    case tags.boolean:
      writer.short(1);
      writer.octet(value.value ? 1 : 0);
      return;
    case tags.textWithLanguage:
    case tags.nameWithLanguage:
      writeLanguageString(writer, value.value.language, value.value.text);
      return;
    case tags.rangeOfInteger:
      writer.short(8);
      writer.integer(value.value.lower);
      writer.integer(value.value.upper);
      return;
    case tags.resolution:
      writer.short(9);
      writer.integer(value.value.x);
      writer.integer(value.value.y);
      writer.octet(value.value.units);
      return;
    case tags.begCollection:
      writeCollection(writer, value.value);
      return;
    case tags.dateTime:
      writer.sizedOctets(value.value);
      return;
  }
};

const writeLanguageString = (writer: ByteWriter, language: string, text: string): void => {
  const inner = new ByteWriter();
  inner.sizedText(language);
  inner.sizedText(text);
  writer.sizedOctets(inner.finish());
};

const writeCollection = (writer: ByteWriter, members: readonly IppAttribute[]): void => {
  writer.short(0);
  for (const member of members) {
    checkAttribute(member);
    writer.octet(tags.memberAttrName);
    writer.short(0);
    writer.sizedText(member.name);
    for (const value of member.values) {
      writer.octet(value.tag);
      writer.short(0);
      writeValue(writer, value);
    }
  }
  writer.octet(tags.endCollection);
  writer.short(0);
  writer.short(0);
};
