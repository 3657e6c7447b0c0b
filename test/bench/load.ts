// The load: what the generator's process does to a server, whichever it is. Every answer is checked.

import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, HttpClient, type Post, requestHead } from './http-client.js';
import * as requests from './requests.js';

interface Target {
  /** Default: 127.0.0.1. */
  readonly host?: string;
  readonly port: number;
  readonly printer: string;
}

export type Load =
  | (Target & {
      readonly kind: 'print-job' | 'get-printer-attributes';
      readonly connections: number;
      /** Octets of a document. */
      readonly bytes: number;
      /** It ends after so many seconds or so many answers, whichever comes first; without a count, a warming up comes before. */
      readonly seconds?: number;
      readonly count?: number;
    })
  | (Target & { readonly kind: 'get-jobs' })
  | (Target & { readonly kind: 'large-job'; readonly bytes: number })
  | (Target & { readonly kind: 'pause' });

export interface LoadResult {
  readonly answers: number;
  readonly seconds: number;
  /** Share of one core that the generator itself used; near 1 it was what limited the rate. */
  readonly ownShare: number;
  /** Longest wait of a trivial request beside it; for get-jobs. */
  readonly longestWaitMs?: number;
  /** For get-jobs: jobs in the answer. */
  readonly jobs?: number;
}

const warmUpSeconds = 1;
const largePiece = 1 << 20;

const check = ({ status, body }: Answer): void => {
  if (status !== 200) throw new Error(`the server answered HTTP ${status}`);
  const ipp = requests.ippStatus(body);
  if (ipp >= 0x0100) throw new Error(`the server answered IPP status 0x${ipp.toString(16)}`);
};

const postOf = (port: number, path: string, head: Uint8Array): Post => ({ port, path, head });
const whole = (post: Post): Buffer => Buffer.concat([requestHead(post), post.head]);
const printerPath = (printer: string): string => `/printers/${printer}`;

/** Runs the load to its end. */
export const runLoad = async (load: Load): Promise<LoadResult> => {
  switch (load.kind) {
    case 'print-job':
    case 'get-printer-attributes':
      return repeated(load);
    case 'get-jobs':
      return getJobs(load);
    case 'large-job':
      return largeJob(load);
    case 'pause':
      return pause(load);
    default:
      return load satisfies never;
  }
};

/** Times `act` and the processor time that this process used in it. */
const timed = async <T extends object>(act: () => Promise<T>): Promise<T & { seconds: number; ownShare: number }> => {
  const started = performance.now();
  const before = process.cpuUsage();
  const result = await act();
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { ...result, seconds, ownShare: (user + system) / 1e6 / seconds };
};

const repeated = async (load: Extract<Load, { connections: number }>): Promise<LoadResult> => {
  const { host, port, printer, kind, connections, bytes, seconds = Infinity, count = Infinity } = load;
  const head =
    kind === 'print-job'
      ? Buffer.concat([requests.printJob(printer), randomBytes(bytes)])
      : requests.getPrinterAttributes(printer);
  const request = whole(postOf(port, printerPath(printer), head));
  const clients = Array.from({ length: connections }, () => new HttpClient(port, host));
  const rounds = async (until: number, most: number): Promise<{ answers: number }> => {
    let begun = 0;
    let answers = 0;
    const loop = async (client: HttpClient): Promise<void> => {
      while (begun < most && performance.now() < until) {
        begun += 1;
        check(await client.send(request));
        answers += 1;
      }
    };
    await Promise.all(clients.map(loop));
    return { answers };
  };
  const inSeconds = (more: number): number => performance.now() + more * 1000;
  if (count === Infinity) await rounds(inSeconds(Math.min(warmUpSeconds, seconds)), Infinity);
  const result = await timed(() => rounds(inSeconds(seconds), count));
  for (const client of clients) client.end();
  return result;
};

const getJobs = async ({ port, printer }: Load): Promise<LoadResult> => {
  const client = new HttpClient(port);
  const trivial = new HttpClient(port);
  const name = whole(postOf(port, printerPath(printer), requests.getPrinterName(printer)));
  check(await trivial.send(name));
  const over = new AbortController();
  let longestWaitMs = 0;
  const beside = (async () => {
    while (!over.signal.aborted) {
      const asked = performance.now();
      check(await trivial.send(name));
      longestWaitMs = Math.max(longestWaitMs, performance.now() - asked);
      await delay(1);
    }
  })();
  await delay(5);
  const request = whole(postOf(port, '/', requests.getJobs()));
  const { body, ...time } = await timed(() => client.send(request, { keepBody: true }));
  over.abort();
  await beside;
  check({ status: 200, body });
  client.end();
  trivial.end();
  return { ...time, answers: 1, longestWaitMs, jobs: requests.jobCount(body) };
};

const largeJob = async ({ port, printer, bytes }: Extract<Load, { kind: 'large-job' }>): Promise<LoadResult> => {
  const client = new HttpClient(port);
  const piece = randomBytes(largePiece);
  const post = { ...postOf(port, printerPath(printer), requests.printJob(printer)), piece, pieces: bytes / largePiece };
  const time = await timed(async () => {
    check(await client.sendLarge(post));
    return { answers: 1 };
  });
  client.end();
  return time;
};

const pause = async ({ host, port, printer }: Load): Promise<LoadResult> => {
  const client = new HttpClient(port, host);
  const request = whole(postOf(port, printerPath(printer), requests.pausePrinter(printer)));
  const time = await timed(async () => {
    check(await client.send(request));
    return { answers: 1 };
  });
  client.end();
  return time;
};
