// Sends a document to another node, also while it is still coming in: its file is followed as it grows then. A slow node slows nobody; one that takes nothing for too long while there is something to take, or owes an answer, is given up.

import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Received } from '../document-writer.js';
import type { DocumentKey } from '../layout.js';
import { type CallTarget, failed, headOf, open, Patience, textOf } from './http-call.js';
import { paths, repairHeader } from './routes.js';

/** `whole`: what the document is, known when `chunks` ends. */
export interface Outgoing {
  chunks(signal: AbortSignal): AsyncIterable<Uint8Array>;
  readonly whole: Received | undefined;
}

/** Resolves with the copy's name when the other node has all of it durably and has seen the same octets. Throws `peer-failed`. */
export const follow = async (
  target: CallTarget,
  key: DocumentKey,
  document: Outgoing,
  { signal, isRepair }: { signal: AbortSignal; isRepair: boolean },
): Promise<string> => {
  const repair = isRepair ? { [repairHeader]: '1' } : {};
  const request = open(target, 'PUT', paths.keep(key), { 'transfer-encoding': 'chunked', ...repair });
  const patience = new Patience(target, request);
  request.on('information', () => patience.progress());
  const over = new AbortController();
  const head = headOf(request).finally(() => over.abort(failed('the other node ended the transfer')));
  head.catch(() => undefined);
  const stop = (): void => void request.destroy(failed('the upload was given up'));
  signal.addEventListener('abort', stop, { once: true });
  let isAnswered = false;
  try {
    signal.throwIfAborted();
    await pour(document, request, { patience, over: over.signal });
    patience.begin();
    request.end();
    const response = await head;
    isAnswered = true;
    const text = await textOf(response);
    if (response.statusCode !== 200) throw failed(`answered ${response.statusCode}: ${text.slice(0, 200)}`);
    return sameAs(text, document);
  } catch (error) {
    request.destroy();
    // Why the transfer ended says more than that it did.
    if (over.signal.aborted && !isAnswered) await head.then(refused);
    throw error;
  } finally {
    patience.end();
    signal.removeEventListener('abort', stop);
  }
};

const refused = (response: IncomingMessage): never => {
  throw failed(`answered ${response.statusCode} before the end`);
};

const pour = async (
  document: Outgoing,
  request: ReturnType<typeof open>,
  { patience, over }: { patience: Patience; over: AbortSignal },
): Promise<void> => {
  for await (const chunk of document.chunks(over)) {
    if (request.write(chunk)) continue;
    patience.begin();
    await once(request, 'drain', { signal: over });
    patience.end();
  }
};

const sameAs = (text: string, { whole }: Outgoing): string => {
  const { file, length, sha256 } = parse(text) as { file?: unknown; length?: unknown; sha256?: unknown };
  if (typeof file !== 'string') throw failed('the answer names no copy');
  if (whole === undefined || length !== whole.length || sha256 !== whole.sha256)
    throw failed('the other node has seen other octets');
  return file;
};

const parse = (text: string): unknown => {
  try {
    return (JSON.parse(text) as unknown) ?? {};
  } catch (error) {
    throw failed('the answer is no JSON', error);
  }
};
