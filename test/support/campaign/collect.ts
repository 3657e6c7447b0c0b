// What is left when a run has settled: records, answers to old ids, files, descriptors.

import { systemClock } from '../../../lib/platform/clock.js';
import type { Dirent } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { sha256 } from './documents.js';
import type { History, SentJob } from './history.js';
import { callIpp } from './ipp-client.js';
import type { NodeRunner } from './node-runner.js';
import { listJobs, showJob } from './rest.js';

const filesBelow = async (directory: string): Promise<string[]> => {
  const entries: Dirent[] = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)));
};

const ours = [
  /^(token|node\.json)$/,
  /^store\/(data|lock)\.mdb$/,
  /^documents\/print\/\d+\/\d+\.\d+\.[0-9a-f]{16}$/,
  /^quarantine\/\d+\.print\.\d+\.\d+\.\d+\.[0-9a-f]{16}$/,
];

/** Nothing when the sweep has moved it away since its folder was read. */
const lookAt = async (state: string, file: string): Promise<History['spooled']> => {
  const [job, number] = path.basename(file).split('.').map(Number);
  try {
    return [{ job: job!, number: number!, sha256: sha256(await readFile(path.join(state, file))) }];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
};

/** Walks the state directory; temporary files and what has no business there are leftovers. */
export const walkState = async (state: string): Promise<Pick<History, 'spooled' | 'leftovers' | 'quarantined'>> => {
  const files = await filesBelow(state);
  const documents = files.filter((file) => file.startsWith('documents/') && !file.endsWith('.part'));
  return {
    spooled: (await Promise.all(documents.map((file) => lookAt(state, file)))).flat(),
    leftovers: files.filter((file) => !ours.some((pattern) => pattern.test(file))).map((file) => `file ${file}`),
    quarantined: files.filter((file) => file.startsWith('quarantine/')).length,
  };
};

const notFound = async (node: NodeRunner, jobs: readonly SentJob[]): Promise<History['notFound']> => {
  const port = (await node.ready()).ipp;
  const missing: { id: number; status: number }[] = [];
  for (const { id, printer } of jobs) {
    if (id === undefined) continue;
    const { status } = await callIpp({ port, printer, agent: false }, { operation: 'get-job', job: id });
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
  return [
    ...files
      .filter((file) => file.startsWith('documents/') && /\.[0-9a-f]{16}/.test(file))
      .map((file) => `open ${file}`),
    ...(sockets > socketsAtRest ? [`${sockets} open sockets`] : []),
  ];
};

export const collect = async (
  node: NodeRunner,
  jobs: readonly SentJob[],
): Promise<Pick<History, 'end' | 'notFound' | 'spooled' | 'leftovers' | 'quarantined'>> => {
  const listed = await listJobs(node, 'all');
  const end = [];
  for (const { id } of listed) {
    const { name, printer, state, attemptCount, completed, documents, attempts } = await showJob(node, id);
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
  const missing = await notFound(node, jobs);
  const open = await openLeftovers(node);
  const walked = await walkState(node.state);
  return { ...walked, end, notFound: missing, leftovers: [...walked.leftovers, ...open] };
};
