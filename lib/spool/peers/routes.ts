// Pure: what nodes ask of each other about documents, as HTTP methods and paths. Names are checked here; none needs escaping.

import type { DocumentCopy } from '../../model/document.js';
import { isName } from '../../model/names.js';

/** A batch of small documents, as they lie in a segment; one document of any size; one copy, by name; a question; a list of removals. */
export type PeerRequest =
  | { readonly do: 'keep-small'; readonly group: string; readonly epoch: number }
  | {
      readonly do: 'keep';
      readonly group: string;
      readonly epoch: number;
      readonly job: number;
      readonly number: number;
    }
  | { readonly do: 'read' | 'verify'; readonly group: string; readonly copy: DocumentCopy }
  | { readonly do: 'remove'; readonly group: string }
  | { readonly do: 'is-needed'; readonly question: NeedQuestion }
  | { readonly do: 'heard' | 'unheard'; readonly group: string; readonly epoch: number }
  | { readonly do: 'answer' };

/** Says of a document that it came in earlier: the copy is made again, or once more. */
export const repairHeader = 'platen-repair';

/** The node that asks, by its name: what its certificate must say. */
export const askerHeader = 'x-platen-node';

/** To the owner of that epoch: may this copy still be put on record? */
export interface NeedQuestion {
  readonly group: string;
  /** The group's, at which the node asked is the owner. */
  readonly epoch: number;
  readonly job: number;
  readonly node: string;
  readonly copy: Pick<DocumentCopy, 'epoch' | 'file'>;
}

const digits = '(0|[1-9]\\d{0,15})';
const fileName = `(segment\\.[0-9a-f]{16}@${digits}|${digits}\\.${digits}\\.[0-9a-f]{16})`;
const name = '([A-Za-z0-9_.-]{1,127})';
const copyQuery = `length=${digits}&sha256=([0-9a-f]{64})`;

const patterns = {
  answer: /^\/v1\/answer$/,
  'keep-small': new RegExp(`^/v1/small/${name}/${digits}$`),
  keep: new RegExp(`^/v1/documents/${name}/${digits}/${digits}/${digits}$`),
  copy: new RegExp(`^/v1/copies/${name}/${digits}/${fileName}\\?${copyQuery}$`),
  clients: new RegExp(`^/v1/(heard|unheard)/${name}/${digits}$`),
  remove: new RegExp(`^/v1/removals/${name}$`),
  'is-needed': new RegExp(`^/v1/needs/${name}/${digits}/${digits}\\?node=${name}&epoch=${digits}&file=${fileName}$`),
} as const;

export const paths = {
  answer: '/v1/answer',
  keepSmall: (group: string, epoch: number): string => `/v1/small/${group}/${epoch}`,
  keep: (key: { group: string; epoch: number; job: number; number: number }): string =>
    `/v1/documents/${key.group}/${key.epoch}/${key.job}/${key.number}`,
  copy: (group: string, { epoch, file, length, sha256 }: DocumentCopy): string =>
    `/v1/copies/${group}/${epoch}/${file}?length=${length}&sha256=${sha256}`,
  remove: (group: string): string => `/v1/removals/${group}`,
  /** Clients that have gone on. */
  heard: (group: string, epoch: number): string => `/v1/heard/${group}/${epoch}`,
  /** Clients that are not known to have. */
  unheard: (group: string, epoch: number): string => `/v1/unheard/${group}/${epoch}`,
  isNeeded: ({ group, epoch, job, node, copy }: NeedQuestion): string =>
    `/v1/needs/${group}/${epoch}/${job}?node=${node}&epoch=${copy.epoch}&file=${copy.file}`,
} as const;

/** Undefined for whatever is no request of ours. */
export const parseRequest = (method: string, url: string): PeerRequest | undefined => {
  switch (method) {
    case 'GET':
      return (
        copyRequest('read', url) ??
        needRequest(url) ??
        clientsRequest('unheard', url) ??
        (patterns.answer.test(url) ? { do: 'answer' } : undefined)
      );
    case 'HEAD':
      return copyRequest('verify', url);
    case 'PUT':
      return keepRequest(url);
    case 'POST':
      return smallRequest(url) ?? removeRequest(url) ?? clientsRequest('heard', url);
    default:
      return undefined;
  }
};

const isNumber = (text: string | undefined): boolean => Number.isSafeInteger(Number(text));

const smallRequest = (url: string): PeerRequest | undefined => {
  const [, group = '', epoch] = patterns['keep-small'].exec(url) ?? [];
  return isName(group) && isNumber(epoch) ? { do: 'keep-small', group, epoch: Number(epoch) } : undefined;
};

const keepRequest = (url: string): PeerRequest | undefined => {
  const [, group = '', ...numbers] = patterns.keep.exec(url) ?? [];
  if (!isName(group) || !numbers.every(isNumber)) return undefined;
  const [epoch, job, number] = numbers.map(Number);
  return epoch === undefined || job === undefined || number === undefined
    ? undefined
    : { do: 'keep', group, epoch, job, number };
};

const copyRequest = (act: 'read' | 'verify', url: string): PeerRequest | undefined => {
  const [, group = '', epoch, file = ''] = patterns.copy.exec(url) ?? [];
  const [length, sha256 = ''] = (url.split('?length=')[1] ?? '').split('&sha256=');
  if (!isName(group) || !isNumber(epoch) || !isNumber(length)) return undefined;
  return { do: act, group, copy: { epoch: Number(epoch), file, length: Number(length), sha256 } };
};

const removeRequest = (url: string): PeerRequest | undefined => {
  const [, group = ''] = patterns.remove.exec(url) ?? [];
  return isName(group) ? { do: 'remove', group } : undefined;
};

const clientsRequest = (act: 'heard' | 'unheard', url: string): PeerRequest | undefined => {
  const [, word, group = '', epoch] = patterns.clients.exec(url) ?? [];
  return word === act && isName(group) && isNumber(epoch) ? { do: act, group, epoch: Number(epoch) } : undefined;
};

const needRequest = (url: string): PeerRequest | undefined => {
  const [, group = '', epoch, job, node = '', copyEpoch, file = ''] = patterns['is-needed'].exec(url) ?? [];
  if (!isName(group) || !isName(node) || ![epoch, job, copyEpoch].every(isNumber)) return undefined;
  const copy = { epoch: Number(copyEpoch), file };
  return { do: 'is-needed', question: { group, epoch: Number(epoch), job: Number(job), node, copy } };
};
