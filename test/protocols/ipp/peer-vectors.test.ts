// ipp-encoder, a codec of others, as cross-check where it is right: it has no collections, resolutions, ranges or negative lengths.
import { createRequire } from 'node:module';
import t from 'tap';
import { decodeMessage } from '../../../lib/protocols/ipp/message-reader.js';
import { encodeMessage } from '../../../lib/protocols/ipp/message-writer.js';
import { operationIds, operationName } from '../../../lib/protocols/ipp/operations.js';
import { statusCodes, statusName } from '../../../lib/protocols/ipp/status-codes.js';
import { groupTags, tags } from '../../../lib/protocols/ipp/tags.js';
import type { IppMessage } from '../../../lib/protocols/ipp/values.js';

interface PeerMessage {
  version: { major: number; minor: number };
  operationId: number;
  requestId: number;
  groups: { tag: number; attributes: { tag: number; name: string; value: unknown[] }[] }[];
}

interface Peer {
  request: {
    encode(message: PeerMessage, buffer: Buffer): Buffer;
    encodingLength(message: PeerMessage): number;
    decode(bytes: Buffer): PeerMessage;
  };
  STATUS_CODES: Record<string, string>;
  CONSTANTS: Record<string, number>;
}

const peer = createRequire(import.meta.url)('ipp-encoder') as Peer;

const attribute = (
  tag: number,
  name: string,
  ...value: unknown[]
): { tag: number; name: string; value: unknown[] } => ({ tag, name, value });

const peerMessage: PeerMessage = {
  version: { major: 1, minor: 1 },
  operationId: 0x000b,
  requestId: 0x01020304,
  groups: [
    {
      tag: 1,
      attributes: [
        attribute(tags.charset, 'attributes-charset', 'utf-8'),
        attribute(tags.naturalLanguage, 'attributes-natural-language', 'en-us'),
        attribute(tags.uri, 'printer-uri', 'ipp://server/ipp/print'),
        attribute(tags.keyword, 'requested-attributes', 'all', 'media-col-database'),
        attribute(tags.name, 'requesting-user-name', 'Zoë'),
        attribute(tags.mimeMediaType, 'document-format', 'application/pdf'),
      ],
    },
    {
      tag: 2,
      attributes: [
        attribute(tags.integer, 'copies', 1, -1, 2147483647, -2147483648),
        attribute(tags.enum, 'print-quality', 4),
        attribute(tags.boolean, 'fidelity', true, false),
        attribute(tags.textWithLanguage, 'message', { lang: 'fr', value: 'Prêt' }),
      ],
    },
  ],
};

/** The peer's { lang, value } is our { language, text }. */
const ours: IppMessage = {
  version: peerMessage.version,
  code: peerMessage.operationId,
  requestId: peerMessage.requestId,
  groups: peerMessage.groups.map((group) => ({
    tag: group.tag,
    attributes: group.attributes.map(({ tag, name, value }) => ({
      name,
      values: value.map((one) => {
        const { lang, value: text } = Object(one) as { lang?: string; value?: string };
        return { tag, value: lang === undefined ? one : { language: lang, text } } as never;
      }),
    })),
  })),
};

t.test('what the peer writes is read', async (t) => {
  const bytes = peer.request.encode(peerMessage, Buffer.alloc(2000)).subarray(0);
  t.same(decodeMessage(bytes).message, ours);
});

t.test('what we write is read by the peer', async (t) => {
  const { version, operationId, requestId, groups } = peer.request.decode(Buffer.from(encodeMessage(ours)));
  t.same({ version, operationId, requestId, groups }, peerMessage);
});

t.test('the tables agree with those of the peer', async (t) => {
  for (const [code, name] of Object.entries(peer.STATUS_CODES)) t.equal(statusName(Number(code)), name);
  const constant = (name: string): string => name.toUpperCase().replaceAll('-', '_');
  let common = 0;
  for (const [name, id] of Object.entries(operationIds)) {
    const known = peer.CONSTANTS[constant(name)];
    if (known === undefined) continue;
    common += 1;
    t.equal(id, known, name);
  }
  t.ok(common >= 16, `${common} operations in common`);
  t.equal(groupTags.unsupported, peer.CONSTANTS['UNSUPPORTED_ATTRIBUTES_TAG']);
});

t.test('every number has one name, and every name is found by its number', async (t) => {
  for (const [table, nameOf] of [
    [operationIds, operationName],
    [statusCodes, statusName],
  ] as const) {
    t.equal(new Set(Object.values(table)).size, Object.keys(table).length);
    for (const [name, number] of Object.entries(table)) t.equal(nameOf(number), name);
  }
  t.equal(operationName(0x4abc), '0x4abc');
  t.equal(statusName(0x04ff), '0x04ff');
});
