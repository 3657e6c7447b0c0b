// A network printer as tests and `npm start` need one: it listens as printers do on TCP 9100, keeps every connection's
// bytes as a file, answers PJL, counts pages, and misbehaves on demand.

import { mkdirSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { JobFile, lastJobNumber } from './job-file.js';
import { PageCounter } from './page-counter.js';
import { PjlCommands } from './pjl-commands.js';
import { pjlAnswer, pjlDeviceReport, PjlSubscriptions } from './pjl-answers.js';

export interface Behaviour {
  /** Further connections are accepted by the kernel, but not read before the first one has ended. */
  readonly oneAtATime: boolean;
  readonly bytesPerSecond: number;
  /** Runs out of paper after so many bytes of a job; `resume()` lets it go on. */
  readonly stopAfter: number;
  /** Resets the connection after so many bytes of a job. */
  readonly resetAfter: number;
  /** What follows the client's FIN, once the job is on disk. `ignore`: the connection stays open, but its job is done. */
  readonly onHalfClose: 'close' | 'reset' | 'ignore';
  /** No listener: connections are refused. */
  readonly refuse: boolean;
  /** Answers PJL. */
  readonly pjl: boolean;
}

export const politeBehaviour: Behaviour = {
  oneAtATime: false,
  bytesPerSecond: Infinity,
  stopAfter: Infinity,
  resetAfter: Infinity,
  onHalfClose: 'close',
  refuse: false,
  pjl: true,
};

/** hrPrinterDetectedErrorState (RFC 2790), in the order of its bits. */
export const detectedErrors = [
  'lowPaper',
  'noPaper',
  'lowToner',
  'noToner',
  'doorOpen',
  'jammed',
  'offline',
  'serviceRequested',
] as const;
export type DetectedError = (typeof detectedErrors)[number];

const stoppingErrors: ReadonlySet<DetectedError> = new Set(['noPaper', 'noToner', 'doorOpen', 'jammed', 'offline']);

/** What an SNMP responder serves. */
export interface PrinterState {
  readonly model: string;
  readonly serial: string;
  /** hrPrinterStatus by name. */
  readonly status: 'idle' | 'printing' | 'other';
  readonly detectedErrors: readonly DetectedError[];
  /** prtMarkerLifeCount, impressions. */
  readonly lifeCount: number;
  /** prtConsoleDisplayBufferText. */
  readonly display: string;
}

export interface PrintedJob {
  readonly number: number;
  readonly file: string;
  readonly length: number;
  readonly sha256: string;
  /** The client's FIN was seen, and neither side reset the connection before. */
  readonly whole: boolean;
  readonly sourceAddress: string;
  readonly sourcePort: number;
  /** Wall clock, ms since 1970. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly pages: number;
}

export interface EmulatorOptions {
  readonly host?: string;
  /** 0: any free port. */
  readonly port?: number;
  readonly directory: string;
  readonly behaviour?: Partial<Behaviour>;
  /** prtMarkerLifeCount at the start. */
  readonly lifeCount?: number;
  readonly onJob?: (job: PrintedJob) => void;
  /** Told when the first octet of a job was read. */
  readonly onFirstOctet?: () => void;
}

/** So many of the last jobs are remembered. */
const jobsKept = 10_000;

/** libuv reports the end of the stream for a reset that arrives together with the last octets: writing nothing tells. */
const isAlive = (socket: Socket): Promise<boolean> =>
  new Promise((resolve) => void socket.write('', (error) => resolve(!error)));

interface Visit {
  readonly socket: Socket;
  readonly file: JobFile;
  readonly pages: PageCounter;
  readonly commands: PjlCommands;
  readonly subscriptions: PjlSubscriptions;
  counted: number;
  ranOut: boolean;
  cut: boolean;
}

export class PrinterEmulator {
  readonly jobs: PrintedJob[] = [];
  readonly #options: EmulatorOptions;
  readonly #host: string;
  #server: Server | undefined;
  #port: number;
  #behaviour: Behaviour;
  #number: number;
  #lifeCount: number;
  #unseen: PrintedJob[] = [];
  readonly #errors = new Set<DetectedError>();
  readonly #sockets = new Set<Socket>();
  readonly #queue: Socket[] = [];
  readonly #visits = new Map<Visit, Promise<void>>();
  readonly #closing = new AbortController();
  #waiting: (() => void)[] = [];
  #jobWaiters: (() => void)[] = [];

  constructor(options: EmulatorOptions) {
    mkdirSync(options.directory, { recursive: true });
    this.#options = options;
    this.#host = options.host ?? '127.0.0.1';
    this.#port = options.port ?? 0;
    this.#behaviour = { ...politeBehaviour, ...options.behaviour };
    this.#lifeCount = options.lifeCount ?? 0;
    this.#number = lastJobNumber(options.directory);
  }

  get host(): string {
    return this.#host;
  }

  get port(): number {
    return this.#port;
  }

  get uri(): string {
    return `socket://${this.#host.includes(':') ? `[${this.#host}]` : this.#host}:${this.#port}`;
  }

  get behaviour(): Behaviour {
    return this.#behaviour;
  }

  get state(): PrinterState {
    const errors = detectedErrors.filter((error) => this.#errors.has(error));
    const stopped = errors.find((error) => stoppingErrors.has(error));
    const status = stopped !== undefined ? 'other' : this.#visits.size > 0 ? 'printing' : 'idle';
    const display = stopped ?? errors[0] ?? (status === 'printing' ? 'Processing' : 'Ready');
    return {
      model: 'Platen Printer Emulator',
      serial: 'EMU0001',
      status,
      detectedErrors: errors,
      lifeCount: this.#lifeCount,
      display,
    };
  }

  /** Connections that are open, those that nothing is read from included. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Octets of the unfinished jobs that were read so far. */
  get bytesInFlight(): number {
    let sum = 0;
    for (const visit of this.#visits.keys()) sum += visit.file.length;
    return sum;
  }

  /** The same, with what was read and lies in this process still. */
  get bytesRead(): number {
    let sum = 0;
    for (const { bytesRead } of this.#sockets) sum += bytesRead;
    return sum;
  }

  /** Changes the behaviour from now on, for open connections too. */
  async behave(changes: Partial<Behaviour>): Promise<void> {
    this.#behaviour = { ...this.#behaviour, ...changes };
    if (this.#behaviour.refuse) this.#stopListening();
    else if (this.#server === undefined) await this.listen();
    this.#serveNext();
  }

  /** Reports a condition. All but the low ones and `serviceRequested` stop the reading until they are cleared. */
  raise(...errors: readonly DetectedError[]): void {
    for (const error of errors) this.#errors.add(error);
    this.#reportDevice();
  }

  clear(...errors: readonly DetectedError[]): void {
    for (const error of errors) this.#errors.delete(error);
    this.#reportDevice();
    if (!this.#isStopped()) for (const go of this.#waiting.splice(0)) go();
  }

  /** Clears everything that stops the reading: paper was put in, the cover was closed. */
  resume(): void {
    this.clear(...stoppingErrors);
  }

  /** The next job that has ended and that no earlier call was given; rejects after `timeoutMs`. */
  async nextJob(timeoutMs = 10_000): Promise<PrintedJob> {
    const deadline = AbortSignal.any([AbortSignal.timeout(timeoutMs), this.#closing.signal]);
    for (;;) {
      const job = this.#unseen.shift();
      if (job !== undefined) return job;
      if (deadline.aborted) throw new Error(`no job came within ${timeoutMs} ms`);
      await new Promise<void>((resolve) => {
        this.#jobWaiters.push(resolve);
        deadline.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  async listen(): Promise<void> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
    server.on('connection', (socket) => this.#accept(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, this.#host, () => {
        server.off('error', reject);
        resolve();
      });
    });
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Ends everything; jobs that were coming in are kept as not whole. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#stopListening();
    this.#queue.length = 0;
    for (const socket of this.#sockets) socket.destroy();
    for (const go of this.#waiting.splice(0)) go();
    await Promise.all(this.#visits.values());
  }

  #stopListening(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    // Without a listener, a reset of a connection that waits its turn would end the process.
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
    this.#queue.push(socket);
    this.#serveNext();
  }

  #serveNext(): void {
    while (this.#queue.length > 0 && (!this.#behaviour.oneAtATime || this.#visits.size === 0)) {
      const socket = this.#queue.shift();
      if (socket === undefined || this.#closing.signal.aborted) return;
      const visit: Visit = {
        socket,
        file: new JobFile(this.#options.directory, (this.#number += 1)),
        pages: new PageCounter(),
        commands: new PjlCommands(),
        subscriptions: new PjlSubscriptions(),
        counted: 0,
        ranOut: false,
        cut: false,
      };
      this.#visits.set(visit, this.#serve(visit, this.#number));
    }
  }

  async #serve(visit: Visit, number: number): Promise<void> {
    const { socket, file } = visit;
    const startedAt = Date.now();
    const sourceAddress = socket.remoteAddress ?? '';
    const sourcePort = socket.remotePort ?? 0;
    const ended = await this.#readAll(visit);
    const whole = ended && !visit.cut;
    const pages = visit.pages.end();
    this.#lifeCount += pages - visit.counted;
    const job = { number, length: file.length, whole, sourceAddress, sourcePort, startedAt, pages };
    this.#keep({ ...job, ...file.keep(), endedAt: Date.now() });
    this.#visits.delete(visit);
    this.#part(visit, whole);
    this.#serveNext();
  }

  /** Reads to the client's FIN; false when the connection broke, or was cut, before. */
  async #readAll(visit: Visit): Promise<boolean> {
    try {
      await this.#pause(visit);
      if (visit.cut) return false;
      for await (const chunk of visit.socket.iterator({ destroyOnReturn: false })) {
        await this.#take(visit, chunk as Buffer);
        if (visit.cut) return false;
      }
      return !this.#closing.signal.aborted && (await isAlive(visit.socket));
    } catch {
      return false;
    }
  }

  async #take(visit: Visit, chunk: Buffer): Promise<void> {
    if (visit.file.length === 0) this.#options.onFirstOctet?.();
    await visit.file.write(chunk);
    visit.pages.push(chunk);
    if (this.#behaviour.pjl) for (const command of visit.commands.push(chunk)) this.#obey(visit, command);
    this.#countPages(visit);
    const { bytesPerSecond } = this.#behaviour;
    if (bytesPerSecond !== Infinity)
      await wait((chunk.length / bytesPerSecond) * 1000, undefined, { signal: this.#closing.signal });
    await this.#pause(visit);
  }

  /** Between two reads: here the printer resets, runs out of paper, waits for someone to close the cover. */
  async #pause(visit: Visit): Promise<void> {
    if (visit.file.length >= this.#behaviour.resetAfter) {
      visit.cut = true;
      visit.socket.resetAndDestroy();
      return;
    }
    if (visit.file.length >= this.#behaviour.stopAfter && !visit.ranOut) {
      visit.ranOut = true;
      this.raise('noPaper');
    }
    while (this.#isStopped() && !this.#closing.signal.aborted)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #isStopped(): boolean {
    for (const error of this.#errors) if (stoppingErrors.has(error)) return true;
    return false;
  }

  #obey(visit: Visit, command: string): void {
    visit.subscriptions.note(command);
    if (/^EOJ\b/i.test(command)) visit.pages.end();
    this.#countPages(visit);
    const answer = pjlAnswer(command, this.state, visit.subscriptions, visit.pages.pages);
    if (answer !== '') this.#say(visit, answer);
  }

  #countPages(visit: Visit): void {
    const pages = visit.pages.pages;
    for (; visit.counted < pages; visit.counted += 1) {
      this.#lifeCount += 1;
      const report = visit.subscriptions.page(visit.counted + 1);
      if (report !== '') this.#say(visit, report);
    }
  }

  #reportDevice(): void {
    for (const visit of this.#visits.keys())
      if (visit.subscriptions.device) this.#say(visit, pjlDeviceReport(this.state));
  }

  /** A client that never reads its back-channel must not make the printer grow: what does not fit is lost. */
  #say({ socket }: Visit, text: string): void {
    if (socket.writable && socket.writableLength < 65_536) socket.write(text, 'latin1');
  }

  #keep(job: PrintedJob): void {
    this.jobs.push(job);
    this.#unseen.push(job);
    if (this.jobs.length > jobsKept) this.jobs.shift();
    if (this.#unseen.length > jobsKept) this.#unseen.shift();
    for (const waiter of this.#jobWaiters.splice(0)) waiter();
    this.#options.onJob?.(job);
  }

  #part({ socket }: Visit, whole: boolean): void {
    const { onHalfClose } = this.#behaviour;
    if (!whole) socket.destroy();
    else if (onHalfClose === 'close') socket.end();
    else if (onHalfClose === 'reset') socket.resetAndDestroy();
  }
}

export const startPrinterEmulator = async (options: EmulatorOptions): Promise<PrinterEmulator> => {
  const emulator = new PrinterEmulator(options);
  if (!emulator.behaviour.refuse) await emulator.listen();
  return emulator;
};
