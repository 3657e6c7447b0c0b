// What must hold of every run, whatever was killed (INV1 to INV4, INV9, INV10, INV12). Pure: a history in, breaches out.

import type { History, JobAtEnd, Print, SentJob } from './history.js';

export const rules = [
  'lost',
  'partial',
  'foreign',
  'printed-again',
  'ids',
  'unsettled',
  'unrecorded-attempt',
  'unexplained-attempt',
  'leftover',
] as const;

export interface Breach {
  readonly rule: (typeof rules)[number];
  readonly text: string;
}

interface Traced {
  readonly sent: SentJob;
  /** Records that bear its name. */
  readonly records: readonly JobAtEnd[];
  /** In order of their beginning. */
  readonly prints: readonly Print[];
}

const groupedBy = <One>(list: readonly One[], keyOf: (one: One) => string | undefined): Map<string, One[]> => {
  const groups = new Map<string, One[]>();
  for (const one of list) {
    const key = keyOf(one) ?? '';
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return groups;
};

const acknowledgedDocuments = ({ documents }: SentJob): number =>
  documents.filter(({ answer }) => answer === 'acknowledged').length;

/** Documents that a record may hold: those after the last acknowledged one that were sent to their end may be there, or not. */
const isSendersContent = ({ documents }: SentJob, hashes: readonly string[]): boolean =>
  hashes.length <= documents.length &&
  hashes.every((hash, at) => hash === documents[at]?.sha256) &&
  documents.slice(0, hashes.length).every(({ answer }) => answer !== 'cut' && answer !== 'not-sent');

const isWhole = (print: Print | undefined, record: JobAtEnd): boolean =>
  print !== undefined &&
  print.partOctets === 0 &&
  print.documents.length === record.documents.length &&
  print.documents.every((hash, at) => hash === record.documents[at]?.sha256);

/** What was acknowledged is there, and came out whole. */
const lost = ({ sent, records, prints }: Traced): string[] => {
  const count = acknowledgedDocuments(sent);
  if (count === 0 && sent.created !== 'acknowledged') return [];
  const [record] = records;
  if (record === undefined) return [`${sent.tag}: acknowledged as ${sent.id ?? 'an LPD job'}, and no record is left`];
  if (record.documents.length < count)
    return [`${sent.tag}: ${count} documents were acknowledged, ${record.documents.length} are on record`];
  if (count === 0 || record.state !== 'completed') return [];
  return prints.some((print) => isWhole(print, record)) ? [] : [`${sent.tag}: completed, but never printed whole`];
};

/** Half a document is never a job, and never the last word of a printer about one. */
const partial = ({ sent, records, prints }: Traced): string[] => [
  ...records
    .filter(
      ({ documents }) =>
        !isSendersContent(
          sent,
          documents.map(({ sha256 }) => sha256),
        ),
    )
    .map(({ id }) => `${sent.tag}: the record of job ${id} lists what was not sent so`),
  ...records
    .filter((record) => prints.length > 0 && !isWhole(prints.at(-1), record))
    .map(({ id }) => `${sent.tag}: the last attempt of job ${id} brought a part of it`),
];

const foreign = ({ prints, sent, records }: Traced): string[] => [
  ...prints.filter((print) => print.foreign).map(({ startedAt }) => `${sent.tag}: octets of others at ${startedAt}`),
  ...prints
    .filter(({ documents }) => !isSendersContent(sent, documents))
    .map(({ startedAt }) => `${sent.tag}: printed at ${startedAt} what was not sent to its end`),
  ...(records.length === 0 && prints.length > 0 ? [`${sent.tag}: printed, and there is no such job`] : []),
];

/** The printer's own clock may be so late: it notes a connection when its event loop comes to it. */
const printerLateMs = 250;

const printedAgain = ({ sent, records, prints }: Traced, seen: ReadonlyMap<number, number>): string[] =>
  records.flatMap((record) => {
    const { id, completed = Infinity, state } = record;
    const onRecord = Math.min(seen.get(id) ?? Infinity, state === 'completed' ? completed : Infinity);
    const firstWhole = prints.findIndex((print) => isWhole(print, record));
    if (firstWhole === -1) return [];
    return prints
      .slice(firstWhole + 1)
      .filter(({ startedAt }) => startedAt > onRecord + printerLateMs)
      .map(({ startedAt }) => `${sent.tag}: job ${id} completed at ${onRecord}, sent again at ${startedAt}`);
  });

const ids = (history: History): string[] => {
  const names = new Map(history.end.map(({ id, name }) => [id, name]));
  const given = [...groupedBy(history.jobs, ({ id }) => (id === undefined ? undefined : String(id)))];
  return [
    ...given
      .filter(([id, jobs]) => id !== '' && jobs.length > 1)
      .map(([id, jobs]) => `id ${id} was given to ${jobs.map(({ tag }) => tag).join(' and ')}`),
    ...history.jobs
      .filter(({ id, tag }) => id !== undefined && names.has(id) && names.get(id) !== tag)
      .map(({ id, tag }) => `id ${id} of ${tag} belongs to ${names.get(id!)} at the end`),
    ...history.notFound.map(({ id, status }) => `acknowledged id ${id} is answered with status ${status.toString(16)}`),
    ...[...groupedBy(history.end, ({ name }) => name)]
      .filter(([, records]) => records.length > 1)
      .map(([name, records]) => `${name} was sent once and is jobs ${records.map(({ id }) => id).join(', ')}`),
  ];
};

/** Every attempt was on record before its first octet (more may be: a connection that brought nothing). */
const unrecorded = ({ sent, records, prints }: Traced): string[] =>
  records
    .filter(({ attemptCount }) => prints.length > attemptCount)
    .map(
      ({ id, attemptCount }) => `${sent.tag}: job ${id} came out ${prints.length} times in ${attemptCount} attempts`,
    );

/** Only what was being sent at a kill is sent again. */
const unexplained = ({ records }: Traced, kills: number, endings: readonly string[]): string[] =>
  records.flatMap(({ id, attemptCount, attempts }) => [
    ...(attemptCount - 1 > kills ? [`job ${id} had ${attemptCount} attempts in ${kills} kills`] : []),
    ...attempts
      .slice(0, -1)
      .filter(({ result = 'none' }) => !endings.includes(result))
      .map(({ result }) => `job ${id} was sent again after an attempt that ended ${result ?? 'in no way'}`),
  ]);

/** The spool holds what records list, once, and nothing else. */
const misplaced = ({ end, spooled }: History): string[] => {
  const listed = new Map<string, string>(
    end.flatMap(({ id, documents }) => documents.map(({ number, sha256 }) => [`${id}.${number}`, sha256] as const)),
  );
  const found = new Map<string, string>(spooled.map(({ job, number, sha256 }) => [`${job}.${number}`, sha256]));
  return [
    ...(found.size < spooled.length ? ['a document lies in the spool twice'] : []),
    ...[...found].filter(([key, hash]) => listed.get(key) !== hash).map(([key]) => `document ${key} is on no record`),
    ...[...listed]
      .filter(([key, hash]) => found.get(key) !== hash)
      .map(([key]) => `document ${key} is not in the spool`),
  ];
};

const unsettled = ({ settled, end }: History): string[] => [
  ...(settled ? [] : ['jobs were left unfinished']),
  ...end
    .filter(({ state, documents }) => !(state === 'completed' || (state === 'aborted' && documents.length === 0)))
    .map(({ id, state }) => `job ${id} is ${state} at the end`),
];

/** Every breach of the rules; none for a run in which all promises were kept. */
export const check = (history: History): readonly Breach[] => {
  const breaches: Breach[] = [];
  const add = (rule: Breach['rule'], texts: readonly string[]): void =>
    void breaches.push(...texts.map((text) => ({ rule, text })));
  const records = groupedBy(history.end, ({ name }) => name);
  const prints = groupedBy(
    [...history.prints].sort((one, other) => one.startedAt - other.startedAt),
    ({ tag }) => tag,
  );
  const seen = new Map(history.seenCompleted.map(({ id, at }) => [id, at]));
  const wasCutOff = history.kills.some(({ trigger }) => trigger === 'cut-off');
  const endings = wasCutOff ? ['interrupted', 'canceled'] : ['interrupted'];
  const known = new Set(history.jobs.map(({ tag }) => tag));
  for (const sent of history.jobs) {
    const traced = { sent, records: records.get(sent.tag) ?? [], prints: prints.get(sent.tag) ?? [] };
    add('lost', lost(traced));
    add('partial', partial(traced));
    add('foreign', foreign(traced));
    add('printed-again', printedAgain(traced, seen));
    add('unrecorded-attempt', unrecorded(traced));
    add('unexplained-attempt', unexplained(traced, history.kills.length, endings));
  }
  for (const [tag, ones] of prints)
    if (tag !== '' && !known.has(tag)) add('foreign', [`${tag} was printed and never sent`]);
    else if (tag === '')
      add(
        'foreign',
        ones.filter((one) => one.foreign).map(({ startedAt }) => `at ${startedAt}`),
      );
  for (const name of records.keys())
    if (!known.has(name)) add('foreign', [`job ${name} is on record and was never sent`]);
  add('ids', ids(history));
  add('unsettled', unsettled(history));
  add('leftover', [...misplaced(history), ...history.leftovers]);
  return breaches;
};
