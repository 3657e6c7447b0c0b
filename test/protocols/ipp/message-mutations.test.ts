// Damaged messages: the reader answers each with a message or a ProtocolError, soon. More of them, or a run again:
//   node dist/test/protocols/ipp/message-mutations.test.js --count=1000000 --seed=12
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import t from 'tap';
import { ProtocolError } from '../../../lib/errors.js';
import { answerLimits } from '../../../lib/protocols/ipp/limits.js';
import { decodeMessage, MessageReader } from '../../../lib/protocols/ipp/message-reader.js';
import { encodeMessage } from '../../../lib/protocols/ipp/message-writer.js';
import { checkRequest } from '../../../lib/protocols/ipp/request-rules.js';
import { statusCodes } from '../../../lib/protocols/ipp/status-codes.js';
import type { IppMessage } from '../../../lib/protocols/ipp/values.js';
import { mutations } from '../../support/mutate.js';

const { values: flags } = parseArgs({
  options: { count: { type: 'string', default: '200000' }, seed: { type: 'string', default: '8010' } },
});
const seed = Number(flags.seed);
const count = Number(flags.count);

// A millisecond each is ten times what they take; tap's own limit would end the long runs.
t.setTimeout(60_000 + count);

/** A message of 64 KiB is read in about 2 ms; the rest is for a machine that does other things. */
const longestMs = 250;

const folder = new URL('../../../../test/corpora/ipp/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.bin'));
const corpus = files.map((name) => new Uint8Array(readFileSync(new URL(name, folder))));

const statuses: ReadonlySet<string> = new Set(Object.keys(statusCodes));

/** The message, or the hint of the refusal. Anything else is thrown on. */
const outcomeOf = (read: () => IppMessage | undefined): IppMessage | string => {
  try {
    return read() ?? 'unfinished';
  } catch (error) {
    if (error instanceof ProtocolError && statuses.has(error.hint)) return error.hint;
    throw error;
  }
};

const readHalves = (bytes: Uint8Array, at: number): IppMessage | undefined => {
  const reader = new MessageReader();
  const first = reader.push(bytes.subarray(0, at));
  if (first.done) return first.message;
  const second = reader.push(bytes.subarray(at));
  return second.done ? second.message : undefined;
};

const readWhole = (bytes: Uint8Array): IppMessage | undefined => {
  const result = new MessageReader().push(bytes);
  return result.done ? result.message : undefined;
};

const timeToRead = (bytes: Uint8Array): number => {
  const start = performance.now();
  outcomeOf(() => readWhole(bytes));
  return performance.now() - start;
};

for (const [index, name] of files.entries()) {
  t.test(`${name} is read and written again as it was`, async (t) => {
    const bytes = corpus[index]!;
    const { message, rest } = decodeMessage(bytes);
    t.equal(rest.length, 0);
    t.equal(Buffer.compare(encodeMessage(message), bytes), 0);
  });
}

t.test(`${count} damaged messages are read or refused (seed ${seed})`, { timeout: 60_000 + count }, async (t) => {
  const seen = new Map<string, number>();
  let number = 0;
  let slowest = 0;
  for (const bytes of mutations(corpus, { seed, count })) {
    number += 1;
    const start = performance.now();
    try {
      const outcome = outcomeOf(() => readWhole(bytes));
      const kind = typeof outcome === 'string' ? outcome : 'read';
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
      if (typeof outcome !== 'string') {
        assert.deepEqual(decodeMessage(encodeMessage(outcome)).message, outcome);
        checkRequest(outcome);
      }
      // Costly checks for a part of them: pieces give the same, and the lenient reader throws nothing else either.
      if (number % 16 === 0) {
        assert.deepEqual(
          outcomeOf(() => readHalves(bytes, number % (bytes.length + 1))),
          outcome,
        );
        outcomeOf(() => decodeMessage(bytes, answerLimits).message);
      }
    } catch (error) {
      throw new Error(`seed ${seed}, message ${number}: ${Buffer.from(bytes).toString('hex')}`, { cause: error });
    }
    const took = performance.now() - start;
    // The machine may have been busy with something else: a message is slow if it is slow again.
    if (took > slowest) slowest = Math.max(slowest, Math.min(took, timeToRead(bytes)));
  }
  t.equal(number, count);
  t.ok(slowest < longestMs, `the slowest took ${slowest.toFixed(1)} ms`);
  const often = count / 1000;
  for (const kind of ['read', 'unfinished', 'client-error-bad-request']) t.ok((seen.get(kind) ?? 0) > often, kind);
  t.comment(Object.fromEntries(seen));
});
