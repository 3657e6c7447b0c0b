// R2 and R3 read off a trace: before each acknowledgement its documents, their names and its record are synced. Pure.

import type { Call } from './strace.js';

export interface Acknowledgement {
  /** The client's side of the connection that brought the answer. */
  readonly clientPort: number;
  readonly protocol: 'ipp' | 'lpd';
  readonly job: number;
  readonly name: string;
  /** Numbers of the documents that the answer is about; none for Create-Job. */
  readonly documents: readonly number[];
}

export interface Unsynced {
  readonly what: 'document' | 'name' | 'record' | 'answer';
  readonly text: string;
}

const isWrite = ({ name }: Call): boolean => /^p?writev?2?(64)?$/.test(name) || name.startsWith('send');
const isSync = ({ name }: Call): boolean => name === 'fsync' || name === 'fdatasync';

/** Of a write at an offset: whether it holds the octet at `at`. */
const covers = ({ text }: Call, at: number): boolean => {
  const [, start, count] = /, (\d+)\)\s+= (\d+)$/.exec(text) ?? [];
  return Number(start) <= at && at < Number(start) + Number(count);
};

/** The first call that began after `line`. */
const firstAfter = (calls: readonly Call[], line: number): Call | undefined => calls.find(({ begun }) => begun > line);

export class SyncCheck {
  readonly #calls: readonly Call[];
  readonly #syncs: readonly Call[];
  readonly #storeWrites: readonly Call[];
  /** Writes of lmdb's meta page: through a descriptor that syncs each. */
  readonly #commits: readonly Call[];

  constructor(calls: readonly Call[]) {
    this.#calls = calls;
    this.#syncs = calls.filter(isSync);
    const inStore = (call: Call): boolean => isWrite(call) && /^\w+\(\d+<[^>]*\/data\.mdb>/.test(call.text);
    this.#storeWrites = calls.filter(inStore);
    const syncing = new Set(
      calls
        .filter(({ name, text }) => name === 'openat' && /\/data\.mdb", O_WRONLY\|O_DSYNC/.test(text))
        .map(({ text }) => / = (\d+)</.exec(text)?.[1]),
    );
    this.#commits = this.#storeWrites.filter(({ text }) => syncing.has(/^\w+\((\d+)</.exec(text)?.[1]));
  }

  /** What was not on disk when the answer went out. */
  unsynced(acknowledged: Acknowledgement): readonly Unsynced[] {
    const { job, documents } = acknowledged;
    const answer = this.#answer(acknowledged);
    if (answer === undefined) return [{ what: 'answer', text: `no answer to job ${job} is in the trace` }];
    const files = documents.map((number) => this.#fileOf(job, number));
    const found: Unsynced[] = files.flatMap((file, index) =>
      file === undefined
        ? [{ what: 'document' as const, text: `document ${documents[index]} of job ${job} was never written` }]
        : this.#file(file, answer),
    );
    // A job's record names its last document; before it has any, its own name stands for it.
    const mark = files.at(-1) ?? `\\"name\\":\\"${acknowledged.name}\\"`;
    return [...found, ...this.#record(job, mark, answer)];
  }

  /** Syncs of directories of documents: one may serve many. */
  get directorySyncs(): number {
    return this.#syncs.filter(({ text }) => /\/documents\/\w+\/\d+>\)/.test(text)).length;
  }

  #answer({ clientPort, protocol }: Acknowledgement): Call | undefined {
    const sent = this.#calls.filter((call) => isWrite(call) && call.text.includes(`->127.0.0.1:${clientPort}]>`));
    return protocol === 'ipp' ? sent.find(({ text }) => text.includes('HTTP/1.1 200')) : sent.at(-1);
  }

  /** The name under which the document lies at the end; of one in a segment what its record calls it. */
  #fileOf(job: number, number: number): string | undefined {
    return this.#entryOf(job, number) ?? this.#ownFileOf(job, number);
  }

  /** `segment.<random>@<offset>`, counted up from where the write that holds the entry's header began. */
  #entryOf(job: number, number: number): string | undefined {
    const header = `"platen-document ${job} ${number} `;
    const write = this.#calls.find(({ name, text }) => name.startsWith('pwrite') && text.includes(header));
    if (write === undefined) return undefined;
    const segment = /\/(segment\.[0-9a-f]{16})>/.exec(write.text)?.[1];
    // One buffer: pwrite64(fd, "…", length, offset); many: pwritev(fd, [{iov_base="…", iov_len=n}, …], count, offset).
    const start = Number(/, (\d+)\)\s+= \d+$/.exec(write.text)?.[1]);
    const before = write.text.slice(0, write.text.indexOf(header));
    const skipped = [...before.matchAll(/, iov_len=(\d+)\}/g)].reduce((sum, [, length]) => sum + Number(length), 0);
    return `${segment}@${start + skipped}`;
  }

  #ownFileOf(job: number, number: number): string | undefined {
    const pattern = new RegExp(`/(${job}\\.${number}\\.[0-9a-f]{16})`);
    const created = this.#calls.find(
      ({ name, text }) => name === 'openat' && /O_CREAT/.test(text) && pattern.test(text),
    );
    return pattern.exec(created?.text ?? '')?.[1];
  }

  #file(document: string, answer: Call): Unsynced[] {
    const [file = '', at] = document.split('@');
    // Of a segment only the write that holds the entry counts: others append behind it.
    const isLastWrite = (call: Call): boolean => isWrite(call) && (at === undefined || covers(call, Number(at)));
    const mine = this.#calls.filter(({ text, begun }) => text.includes(`/${file}`) && begun < answer.begun);
    const lastWrite = mine.findLast(isLastWrite) ?? mine.find(({ name }) => name === 'openat');
    const synced = firstAfter(mine.filter(isSync), lastWrite?.ended ?? Infinity);
    const named = mine.findLast(
      ({ name, text }) => name.startsWith('rename') || (name === 'openat' && /O_CREAT/.test(text)),
    );
    const folder = /"([^"]*)\/[^/"]*"(?:, [^"]*)?\)\s+= /.exec(named?.text ?? '')?.[1];
    const directory = this.#syncs.filter(({ text }) => folder !== undefined && text.includes(`${folder}>`));
    const entry = firstAfter(directory, named?.ended ?? Infinity);
    return [
      ...(synced !== undefined && synced.ended < answer.begun
        ? []
        : [{ what: 'document' as const, text: `${file} was not synced before the answer` }]),
      ...(entry !== undefined && entry.ended < answer.begun
        ? []
        : [{ what: 'name' as const, text: `the directory of ${file} was not synced before the answer` }]),
    ];
  }

  #record(job: number, mark: string, answer: Call): Unsynced[] {
    const written = this.#storeWrites.find(({ text }) => text.includes(mark));
    const pages = this.#syncs.filter(({ text }) => text.includes('/data.mdb>'));
    const synced = firstAfter(pages, written?.ended ?? Infinity);
    const committed = firstAfter(this.#commits, synced?.ended ?? Infinity);
    return committed !== undefined && committed.ended < answer.begun
      ? []
      : [{ what: 'record', text: `the record of job ${job} was not committed before the answer` }];
  }
}
