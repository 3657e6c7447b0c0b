// How long each stage of a takeover took, as clients, the printer's machine and the store saw it.

import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { OwnerRecord } from '../../../lib/model/ownership.js';
import { contentOf, sha256 } from '../campaign/documents.js';
import type { SentJob } from '../campaign/history.js';
import { callIpp } from '../campaign/ipp-client.js';
import type { Cluster } from './cluster.js';
import type { Place } from './cluster-process.js';

/** Milliseconds after the fault; `silence`: from the last renewal that the store had. */
export interface Stages {
  readonly silence?: number;
  /** Absent: it was released, or handed over. */
  readonly fenced?: number;
  readonly claimed: number;
  readonly addressUp: number;
  readonly accepting: number;
  /** Of the interrupted document, at the printer's kernel. */
  readonly firstByte?: number;
}

const lookEveryMs = 5;
const giveUpMs = 30_000;

/** As /proc/net/tcp writes it. */
const endText = ({ host, port }: Place): string => {
  const address = Buffer.from(host.split('.').map(Number)).readUInt32LE(0).toString(16).padStart(8, '0');
  return `${address}:${port.toString(16).padStart(4, '0')}`.toUpperCase();
};

/** Lines of /proc/net/tcp with this end: number, local end, remote end, state, sending:receiving queue, … (proc(5)). */
const linesWith = (place: Place): readonly (readonly string[])[] =>
  readFileSync('/proc/net/tcp', 'latin1')
    .split('\n')
    .filter((line) => line.includes(endText(place)))
    .map((line) => line.trim().split(/\s+/));

/** Remote port → octets that the printer's kernel has and the printer has not read. */
export const connectionsAt = (device: Place): ReadonlyMap<number, number> =>
  new Map(
    linesWith(device)
      // Established, or closed by the other side; of the printer's side the receiving queue counts.
      .filter(([, local = '', , state]) => local === endText(device) && (state === '01' || state === '08'))
      .map(([, , remote = '', , queues = '']) => [
        Number.parseInt(remote.split(':')[1] ?? '', 16),
        Number.parseInt(queues.split(':')[1] ?? '', 16),
      ]),
  );

/** Octets in kernels, on their way to the printer and not read by it. */
export const octetsUnderWay = (device: Place): number =>
  linesWith(device).reduce((sum, [, local = '', , , queues = '']) => {
    const [sending = '0', receiving = '0'] = queues.split(':');
    return sum + Number.parseInt(local === endText(device) ? receiving : sending, 16);
  }, 0);

/** When the first octet of a connection came that was not there before. */
const firstArrival = async (device: Place, before: ReadonlySet<number>, signal: AbortSignal): Promise<number> => {
  while (!signal.aborted) {
    for (const [remote, waiting] of connectionsAt(device)) if (waiting > 0 && !before.has(remote)) return Date.now();
    await pause(lookEveryMs);
  }
  throw new Error('no document came to the printer');
};

/** True when something listens there. */
export const connects = ({ host, port }: Place): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });

const addressUp = async (place: Place, signal: AbortSignal): Promise<number> => {
  while (!signal.aborted) {
    if (await connects(place)) return Date.now();
    await pause(lookEveryMs);
  }
  throw new Error('the address did not come back');
};

export interface Watched {
  readonly cluster: Cluster;
  readonly group: string;
  /** Who owned it before. */
  readonly before: OwnerRecord;
  /** Takes the jobs that show that somebody accepts. */
  readonly printer: string;
  /** Notes those jobs; begins their names. */
  readonly ledger: SentJob[];
  readonly tag: string;
  /** Where the interrupted document goes; absent: nothing is being sent. */
  readonly device?: Place;
}

/** Sends small jobs until one is acknowledged. A job that was sent whole without an answer may be there: it is in the ledger. */
const accepting = async ({ cluster, group, printer, ledger, tag }: Watched, signal: AbortSignal): Promise<number> => {
  const { host, port } = cluster.at('ipp', group);
  for (let n = 1; !signal.aborted; n += 1) {
    const content = contentOf(`${tag}.${n}`, 1, 1_000);
    const job: SentJob = {
      tag: `${tag}.${n}`,
      way: 'print-job',
      printer,
      sentAt: Date.now(),
      documents: [{ length: content.length, sha256: sha256(content), answer: 'unknown' }],
    };
    ledger.push(job);
    const reply = await callIpp(
      { host, port, printer, agent: false },
      { operation: 'print-job', jobName: job.tag, document: content, timeoutMs: 5_000 },
    );
    job.documents[0]!.answer = reply.answer;
    job.answeredAt = Date.now();
    job.detail = reply.detail;
    if (reply.id !== undefined) job.id = reply.id;
    if (reply.answer === 'acknowledged') return job.answeredAt;
    await pause(lookEveryMs);
  }
  throw new Error('nobody accepted a job');
};

/** Begins to look; `at` is told the moment of the fault, ms since 1970, and resolves with the stages. */
export const watchTakeover = (watched: Watched): { readonly at: (fault: number) => Promise<Stages> } => {
  const { cluster, group, before, device } = watched;
  const known = new Set(device === undefined ? [] : connectionsAt(device).keys());
  return {
    at: async (fault) => {
      const { eye } = cluster;
      const over = AbortSignal.timeout(giveUpMs);
      const claim = eye.until(
        () => eye.changes(group).find(({ owner }) => owner.epoch > before.epoch),
        `a new owner of ${group}`,
        giveUpMs,
      );
      const [claimed, up, accepted, arrived] = await Promise.all([
        claim,
        // Before that it was the old owner, if it was anybody.
        claim.then(() => addressUp(cluster.at('ipp', group), over)),
        claim.then(() => accepting(watched, over)),
        device === undefined ? undefined : firstArrival(device, known, over),
      ]);
      const fenced = eye.fencings.find(({ incarnation }) => incarnation === before.incarnation)?.at;
      const heard = eye.heard.get(before.incarnation);
      return {
        ...(fenced === undefined || heard === undefined ? {} : { silence: fenced - heard, fenced: fenced - fault }),
        claimed: claimed.at - fault,
        addressUp: up - fault,
        accepting: accepted - fault,
        ...(arrived === undefined ? {} : { firstByte: arrived - fault }),
      };
    },
  };
};
