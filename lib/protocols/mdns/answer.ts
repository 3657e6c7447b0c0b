// What is answered to a question about a host (RFC 6762 sections 5 to 7).

import { classes, type DnsRecord, flags, type Message, type Question, types, writeMessage } from '../dns/message.js';
import { addressRecords, classOf, type Host, hostTtl, isSameData, nsecRecord, topBit } from './host.js';

export interface Answer {
  readonly answers: readonly DnsRecord[];
  /** What the asker will want to know next (section 6.1, 6.2). */
  readonly additionals: readonly DnsRecord[];
}

export const questionsFor = ({ name }: Host, { questions }: Pick<Message, 'questions'>): readonly Question[] =>
  questions.filter(
    (question) => question.name === name && [classes.in, classes.any].some((known) => known === classOf(question)),
  );

/** Section 7.1: half of what is left of our time to live, at least. */
const isKnown = (record: DnsRecord, known: readonly DnsRecord[]): boolean =>
  known.some((other) => other.name === record.name && other.ttl * 2 >= hostTtl && isSameData(other, record));

const everything = (host: Host): readonly DnsRecord[] => [...addressRecords(host), nsecRecord(host)];

/** `asked`: types. Undefined where the asker knows it all. */
export const answerTo = (
  host: Host,
  { asked, known }: { readonly asked: ReadonlySet<number>; readonly known: readonly DnsRecord[] },
): Answer | undefined => {
  const addresses = addressRecords(host);
  const meant = addresses.filter(({ type }) => asked.has(types.any) || asked.has(type));
  const hasAll = [...asked].every((type) => type === types.any || meant.some((record) => record.type === type));
  const answers = [...meant, ...(hasAll ? [] : [nsecRecord(host)])].filter((record) => !isKnown(record, known));
  if (answers.length === 0) return undefined;
  return { answers, additionals: everything(host).filter((each) => !answers.some((one) => isSameData(one, each))) };
};

const answering = flags.response | flags.authoritative;

export const answerOctets = (answer: Answer, id = 0): Buffer => writeMessage({ id, flags: answering, ...answer });

/** Section 6.7: as a plain DNS client understands it. */
export const legacyOctets = ({ answers, additionals }: Answer, query: Pick<Message, 'id' | 'questions'>): Buffer => {
  const plain = (record: DnsRecord): DnsRecord => ({ ...record, class: classOf(record), ttl: 10 });
  const questions = query.questions.map((question) => ({ ...question, class: classOf(question) }));
  const records = { answers: answers.map(plain), additionals: additionals.map(plain) };
  return writeMessage({ id: query.id, flags: answering, questions, ...records });
};

/** Section 8.3; `ttl` 0: goodbye (section 10.1). */
export const announcement = (host: Host, ttl = hostTtl): Buffer =>
  answerOctets({
    answers: addressRecords(host).map((record) => ({ ...record, ttl })),
    additionals: ttl === 0 ? [] : [nsecRecord(host)],
  });

/** Section 8.1. */
export const probe = (host: Host): Buffer =>
  writeMessage({
    id: 0,
    flags: 0,
    questions: [{ name: host.name, type: types.any, class: classes.in | topBit }],
    authorities: addressRecords(host).map((record) => ({ ...record, class: classes.in })),
  });
