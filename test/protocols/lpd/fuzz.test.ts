// Damaged connections, seeded: whatever comes, the reader ends with events or a ProtocolError, and in the same way for any cut.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { ProtocolError } from '../../../lib/errors.js';
import { JobAssembly } from '../../../lib/protocols/lpd/assembly.js';
import { parseControlFile } from '../../../lib/protocols/lpd/control-file.js';
import { LpdReader } from '../../../lib/protocols/lpd/reader.js';
import { mutations, Random } from '../../support/mutate.js';

const messages = 200_000;
const seed = 20_261_122;
const limits = { lineOctets: 1024, controlFileOctets: 65_536, dataFileOctets: 1 << 20 };
const directory = path.resolve('test/corpora/lpd');
const names = readdirSync(directory).filter((name) => name.endsWith('.bin'));
const corpus = names.map((name) => new Uint8Array(readFileSync(path.join(directory, name))));

interface Digest {
  /** Jobs that the listener would put on record: their data files' lengths. */
  readonly jobs: string[];
  octets: number;
  end: string;
}

/** Reads the pieces as the listener does. */
const digest = (pieces: readonly Uint8Array[]): Digest => {
  const reader = new LpdReader(limits);
  const assembly = new JobAssembly<number>(100);
  const seen: Digest = { jobs: [], octets: 0, end: '' };
  const note = (job: ReturnType<typeof assembly.addControl>): void => {
    if (job !== null) seen.jobs.push(`${job.control.user} ${job.documents.join(',')}`);
  };
  const take = (events: ReturnType<LpdReader['push']>): void => {
    for (const event of events) {
      if (event.type === 'content') seen.octets += event.octets.length;
      if (event.type === 'data-file') assembly.checkData(event.key);
      if (event.type === 'data-file-end') note(assembly.addData(event.key, event.octets));
      if (event.type === 'control-file-end') note(assembly.addControl(parseControlFile(event.content)));
      if (event.type === 'abort') assembly.clear();
      if (event.type === 'end') seen.end = event.whole ? 'whole' : 'cut';
    }
  };
  try {
    for (const piece of pieces) take(reader.push(piece));
    take(reader.end());
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    seen.end = error.hint;
  }
  return seen;
};

t.test('every message of the corpus is read to its end', async (t) => {
  for (const [index, message] of corpus.entries()) t.equal(digest([message]).end, 'whole', names[index] ?? '');
});

t.test(`${messages} damaged connections end in events or in a refusal, in the same way for any cut`, async (t) => {
  const random = new Random(seed);
  const started = performance.now();
  const ends = new Map<string, number>();
  let differing = 0;
  let jobs = 0;
  let last: Uint8Array = new Uint8Array();
  try {
    for (const message of mutations(corpus, { seed, count: messages })) {
      last = message;
      const whole = digest([message]);
      const cut = random.below(message.length + 1);
      const cutInTwo = digest([message.subarray(0, cut), message.subarray(cut)]);
      if (JSON.stringify(whole) !== JSON.stringify(cutInTwo)) differing += 1;
      if (whole.octets > message.length) throw new Error('more content than was sent');
      ends.set(whole.end, (ends.get(whole.end) ?? 0) + 1);
      jobs += whole.jobs.length;
    }
  } catch (error) {
    t.comment(`seed ${seed}, message ${Buffer.from(last).toString('base64')}`);
    throw error;
  }
  t.equal(differing, 0, `seed ${seed}: the cut makes no difference`);
  t.comment(`${Math.round((performance.now() - started) / 1000)} s`);
  t.comment(`${jobs} jobs; ends: ${[...ends].map(([end, count]) => `${end} ${count}`).join(', ')}`);
});
