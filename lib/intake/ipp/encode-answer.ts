// An operation's answer as octets (RFC 8010 section 3.1.1).

import { groupTags } from '../../protocols/ipp/tags.js';
import { encodeAttributes, encodeHeader, endOfAttributes } from '../../protocols/ipp/message-writer.js';
import { servedVersion } from '../../protocols/ipp/request-rules.js';
import { statusCodes } from '../../protocols/ipp/status-codes.js';
import * as ipp from '../../protocols/ipp/values.js';
import type { AnswerOctets } from './http-answer.js';
import { clipped, type IppAnswer } from './request.js';

const preface = [
  ipp.attribute('attributes-charset', ipp.charset('utf-8')),
  ipp.attribute('attributes-natural-language', ipp.language('en')),
];

/** The operation group of every answer that says no more than its status. */
const silentGroup = encodeAttributes({ tag: groupTags.operation, attributes: preface });

const operationGroup = (message: string | undefined): Uint8Array =>
  message === undefined
    ? silentGroup
    : encodeAttributes({
        tag: groupTags.operation,
        attributes: [...preface, ipp.attribute('status-message', ipp.text(clipped(message, 255)))],
      });

export const encodeAnswer = (answer: IppAnswer, { version, requestId }: ipp.IppHeader): AnswerOctets => {
  const start = [
    encodeHeader({ version: servedVersion(version), code: statusCodes[answer.status], requestId }),
    operationGroup(answer.message),
  ];
  if (answer.unsupported !== undefined && answer.unsupported.length > 0)
    start.push(encodeAttributes({ tag: groupTags.unsupported, attributes: answer.unsupported }));
  for (const group of answer.groups ?? []) start.push(encodeAttributes(group));
  const more = answer.encoded;
  if (more === undefined || Symbol.iterator in more)
    return { start: Buffer.concat([...start, ...(more ?? []), endOfAttributes]) };
  return { start: Buffer.concat(start), more: withEnd(more) };
};

async function* withEnd(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  yield* pieces;
  yield endOfAttributes;
}
