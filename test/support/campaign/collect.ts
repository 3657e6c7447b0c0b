// What is left when a run has settled: records, answers to old ids, files, descriptors.

import { systemClock } from '../../../lib/platform/clock.js';
import type { Dirent } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { sha256 } from './documents.js';
import type { History, JobAtEnd, SentJob } from './history.js';
import { callIpp, type IppTarget } from './ipp-client.js';
import type { NodeRunner } from './node-runner.js';
import { listJobs, type RestServer, showJob } from './rest.js';

/** Nothing when the sweep has moved it away since its folder was read. */
const orNothing = async <One>(look: () => Promise<One[]>): Promise<One[]> => {
  try {
    return await look();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
};

/** Paths relative to the state directory. */
const filesBelow = async (state: string, folder = ''): Promise<string[]> => {
  const entries = await orNothing<Dirent>(() => readdir(path.join(state, folder), { withFileTypes: true }));
  const files = entries.map(async (entry) => {
    const name = path.join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(state, name) : [name];
  });
  return (await Promise.all(files)).flat();
};

const ours = [
  /^(token|node\.json)$/,
  /^store\/(data|lock)\.mdb$/,
  /^documents\/print\/\d+\/\d+\.\d+\.[0-9a-f]{16}$/,
  /^documents\/print\/\d+\/segment\.[0-9a-f]{16}$/,
  /^quarantine\/\d+\.print\.\d+\.(\d+\.\d+|segment)\.[0-9a-f]{16}(@\d+)?$/,
];

const lookAt = (state: string, file: string): Promise<History['spooled'][number][]> =>
  orNothing(async () => {
    const [job, number] = path.basename(file).split('.').map(Number);
    return [{ job: job!, number: number!, sha256: sha256(await readFile(path.join(state, file))) }];
  });

export interface Segment {
  readonly file: string;
  readonly epoch: number;
  readonly entries: History['spooled'];
}

/** What a segment holds, by its headers: `platen-document <job> <number> <length> <sha256> …`, 144 octets, then the document. */
const lookInto = (state: string, file: string): Promise<Segment[]> =>
  orNothing(async () => {
    const entries: { job: number; number: number; sha256: string }[] = [];
    const octets = await readFile(path.join(state, file));
    for (let at = 0; at + 144 <= octets.length; ) {
      const [, job, number, length] =
        /^platen-document (\d+) (\d+) (\d+) /.exec(octets.toString('latin1', at, at + 144)) ?? [];
      if (job === undefined) break;
      const end = at + 144 + Number(length);
      entries.push({ job: Number(job), number: Number(number), sha256: sha256(octets.subarray(at + 144, end)) });
      at = end;
    }
    return [{ file, epoch: Number(file.split('/')[2]), entries }];
  });

export interface Walked extends Pick<History, 'spooled' | 'leftovers' | 'quarantined'> {
  readonly segments: readonly Segment[];
}

const isSegment = (file: string): boolean => /\/segment\.[0-9a-f]{16}$/.test(file);

/** Walks the state directory; temporary files and what has no business there are leftovers. `spooled`: documents that are files. */
export const walkState = async (state: string): Promise<Walked> => {
  const files = await filesBelow(state);
  const documents = files.filter((file) => file.startsWith('documents/') && !file.endsWith('.part'));
  const single = documents.filter((file) => !isSegment(file));
  const segments = documents.filter(isSegment);
  return {
    spooled: (await Promise.all(single.map((file) => lookAt(state, file)))).flat(),
    segments: (await Promise.all(segments.map((file) => lookInto(state, file)))).flat(),
    leftovers: files.filter((file) => !ours.some((pattern) => pattern.test(file))).map((file) => `file ${file}`),
    quarantined: files.filter((file) => file.startsWith('quarantine/')).length,
  };
};

/** Entries that records list are in the spool; a segment of an earlier epoch of which none is listed should be gone. */
const judgeSegments = (segments: readonly Segment[], end: History['end']): Pick<History, 'spooled' | 'leftovers'> => {
  const listed = new Set(
    end.flatMap(({ id, documents }) => documents.map(({ number, sha256 }) => `${id}.${number}.${sha256}`)),
  );
  const current = Math.max(...segments.map(({ epoch }) => epoch));
  const judged = segments.map((segment) => ({
    ...segment,
    entries: segment.entries.filter(({ job, number, sha256 }) => listed.has(`${job}.${number}.${sha256}`)),
  }));
  return {
    spooled: judged.flatMap(({ entries }) => entries),
    leftovers: judged
      .filter(({ entries, epoch }) => entries.length === 0 && epoch < current)
      .map(({ file }) => `file ${file}`),
  };
};

/** Old ids that nobody knows any more. */
export const notFound = async (
  place: Pick<IppTarget, 'host' | 'port'>,
  jobs: readonly SentJob[],
): Promise<History['notFound']> => {
  const missing: { id: number; status: number }[] = [];
  for (const { id, printer } of jobs) {
    if (id === undefined) continue;
    const { status } = await callIpp({ ...place, printer, agent: false }, { operation: 'get-job', job: id });
    if (status >= 0x0100) missing.push({ id, status });
  }
  return missing;
};

/** Listeners (IPP, LPD, REST), the store's lock, the child that looks at connections, and the parent's pipe. */
const socketsAtRest = 10;
/** Idle connections are kept alive for a minute. */
const lingerMs = 75_000;

const openLeftovers = async (node: NodeRunner): Promise<string[]> => {
  const until = performance.now() + lingerMs;
  while (node.descriptors().sockets > socketsAtRest && performance.now() < until) await systemClock.sleep(250);
  const { files, sockets } = node.descriptors();
  const open = files.filter((file) => file.startsWith('documents/') && /\.[0-9a-f]{16}/.test(file));
  // The segment that is being written.
  const current = open.find(isSegment);
  return [
    ...open
      .filter((file) => file !== current || open.indexOf(file) !== open.lastIndexOf(file))
      .map((file) => `open ${file}`),
    ...(sockets > socketsAtRest ? [`${sockets} open sockets`] : []),
  ];
};

/** All jobs of a group as the server shows them. */
export const jobsAtEnd = async (node: RestServer, group?: string): Promise<readonly JobAtEnd[]> => {
  const end = [];
  for (const { id } of await listJobs(node, 'all', group)) {
    const { name, printer, state, attemptCount, completed, documents, attempts } = await showJob(node, id, group);
    end.push({
      id,
      name,
      printer,
      state,
      attemptCount,
      ...(completed === undefined ? {} : { completed }),
      documents: documents.map(({ number, length, sha256 }) => ({ number, length, sha256 })),
      attempts: attempts.map(({ result, evidence }) => ({ ...(result === undefined ? {} : { result }), evidence })),
    });
  }
  return end;
};

export const collect = async (
  node: NodeRunner,
  jobs: readonly SentJob[],
): Promise<Pick<History, 'end' | 'notFound' | 'spooled' | 'leftovers' | 'quarantined'>> => {
  const end = await jobsAtEnd(node);
  const missing = await notFound({ port: (await node.ready()).ipp }, jobs);
  const open = await openLeftovers(node);
  const { segments, ...walked } = await walkState(node.state);
  const judged = judgeSegments(segments, end);
  return {
    ...walked,
    end,
    notFound: missing,
    spooled: [...walked.spooled, ...judged.spooled],
    leftovers: [...walked.leftovers, ...judged.leftovers, ...open],
  };
};
