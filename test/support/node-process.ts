// The built node as a user runs it: dist/bin/platend.js in a process of its own, on free ports, with its own state directory.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { JobAnswer, JobDetailAnswer } from '../../lib/admin/job-answers.js';
import type { PrinterAnswer } from '../../lib/admin/printer-answers.js';
import { run, type RunOptions, type RunResult, type TestScope } from './peers.js';

const bin = (name: string): string => path.resolve(import.meta.dirname, '../../bin', name);

export interface Listening {
  readonly protocol: 'ipp' | 'lpd' | 'snmp' | 'rest';
  readonly address: string;
  readonly port: number;
}

/** How a process ended. */
export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface NodeProcessOptions {
  /** Printers of the one group `print`; with `config`, the whole configuration instead. */
  readonly printers?: Readonly<Record<string, object>>;
  /** Beside the groups: `limits`, `jobs` and so on. */
  readonly settings?: object;
  readonly config?: object;
  /** Kept when the test ends; default: a new one that is removed. */
  readonly stateDirectory?: string;
  /** What the command line begins with, such as `ip netns exec NAME`. */
  readonly within?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A group on free ports of an address. */
export const groupOn = (address: string, printers: Readonly<Record<string, object>>) => ({
  addresses: [address],
  ipp: { port: 0, operatorsFrom: ['127.0.0.0/8'] },
  lpd: { ports: [0] },
  snmp: { port: 0, community: 'public', allowFrom: ['127.0.0.0/8'] },
  printers,
});

const configOf = ({ printers = {}, settings = {}, config }: NodeProcessOptions): object =>
  config ?? { groups: { print: groupOn('127.0.0.1', printers) }, admin: { port: 0 }, ...settings };

/** `  ipp  127.0.0.1:8631`, as the banner has it. */
const listeningIn = (banner: string): readonly Listening[] =>
  [...banner.matchAll(/^ {2}(ipp|lpd|snmp|rest) +(\S+):(\d+)$/gm)].map(([, protocol, address = '', port]) => ({
    protocol: protocol as Listening['protocol'],
    address: address.replace(/^\[|\]$/g, ''),
    port: Number(port),
  }));

/** A program that ends in order when it is told to, and is never left behind. Not detached: its children are its own affair. */
export class NodeProcess {
  readonly stateDirectory: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<Ended>;
  #result: Ended | undefined;
  #output = '';
  #errors = '';

  constructor(command: readonly string[], stateDirectory: string, env: Readonly<Record<string, string>> = {}) {
    const [program = '', ...args] = command;
    this.stateDirectory = stateDirectory;
    this.#child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '', ...env },
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
    this.#ended = once(this.#child, 'close').then(([status, signal]) => {
      this.#result = { status: status as number | null, signal: signal as NodeJS.Signals | null };
      return this.#result;
    });
  }

  /** Of the supervisor. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get output(): string {
    return this.#output;
  }

  /** Standard error: the log. */
  get errors(): string {
    return this.#errors;
  }

  get isRunning(): boolean {
    return this.#result === undefined;
  }

  get listening(): readonly Listening[] {
    return listeningIn(this.#output);
  }

  /** Where something listens; the first one of that protocol, on the address where one is given. */
  listener(protocol: Listening['protocol'], address?: string): Listening {
    const found = this.listening.find((one) => one.protocol === protocol && (address ?? one.address) === one.address);
    if (found === undefined) throw new Error(`nothing listens for ${protocol}:\n${this.#output}`);
    return found;
  }

  port(protocol: Listening['protocol'], address?: string): number {
    return this.listener(protocol, address).port;
  }

  /** For `-h` of lp, lpstat, cancel. */
  server(address?: string): string {
    const ipp = this.listener('ipp', address);
    return `${ipp.address}:${ipp.port}`;
  }

  /** Resolves at the line `ready`; rejects with what was said when the process ends before. */
  async ready(timeoutMs = 20_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!/^ready$/m.test(this.#output)) {
      if (!this.isRunning) throw new Error(`it ended before it was ready:\n${this.#output}${this.#errors}`);
      if (performance.now() > deadline) throw new Error(`it was not ready in time:\n${this.#output}${this.#errors}`);
      await delay(20);
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** The end of the process and of all that shares its output. */
  ended(): Promise<Ended> {
    return this.#ended;
  }

  /** Ends it in order. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    if (this.isRunning) this.signal(signal);
    const forced = setTimeout(() => this.signal('SIGKILL'), 20_000);
    const ended = await this.#ended;
    clearTimeout(forced);
    return ended;
  }

  /** Kills the supervisor at once; the worker ends with it. */
  async kill(): Promise<Ended> {
    if (this.isRunning) this.signal('SIGKILL');
    return this.#ended;
  }

  /** The process that does the printing. */
  async workerPid(): Promise<number> {
    const children = await readFile(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8');
    return Number(children.trim().split(' ')[0]);
  }

  /** The operator's command line. */
  platen(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const { address, port } = this.listener('rest');
    const where = ['--state', this.stateDirectory, '--url', `http://${address}:${port}`];
    return run(process.execPath, [bin('platen.js'), ...args, ...where], options);
  }

  async #get<T>(place: string): Promise<T> {
    const { address, port } = this.listener('rest');
    const token = (await readFile(path.join(this.stateDirectory, 'token'), 'utf8')).trim();
    const answer = await fetch(`http://${address}:${port}${place}`, { headers: { authorization: `Bearer ${token}` } });
    if (!answer.ok) throw new Error(`${place}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  /** The newest 250 jobs with their attempts, oldest first. */
  async jobs(group = 'print'): Promise<readonly JobDetailAnswer[]> {
    const { jobs } = await this.#get<{ jobs: readonly JobAnswer[] }>(
      `/api/1/jobs?which=all&limit=250&group=${encodeURIComponent(group)}`,
    );
    return Promise.all(jobs.toReversed().map(({ id }) => this.job(id, group)));
  }

  job(id: number, group = 'print'): Promise<JobDetailAnswer> {
    return this.#get(`/api/1/jobs/${id}?group=${encodeURIComponent(group)}`);
  }

  printer(name: string, group = 'print'): Promise<PrinterAnswer> {
    return this.#get(`/api/1/printers/${encodeURIComponent(name)}?group=${encodeURIComponent(group)}`);
  }

  /** Asks again and again until it holds. */
  async jobWhen(id: number, holds: (job: JobDetailAnswer) => boolean, timeoutMs = 15_000): Promise<JobDetailAnswer> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const job = await this.job(id);
      if (holds(job)) return job;
      if (performance.now() > deadline)
        throw new Error(`job ${id} never came to that: ${JSON.stringify(job, null, 1)}`);
      await delay(50);
    }
  }

  completed(id: number, timeoutMs?: number): Promise<JobDetailAnswer> {
    return this.jobWhen(id, ({ state }) => state === 'completed', timeoutMs);
  }
}

/** The program at `file` of the project, known to the test that must not leave it behind. */
export const startProcess = (
  t: TestScope,
  command: readonly string[],
  { stateDirectory, env }: { readonly stateDirectory: string; readonly env?: Readonly<Record<string, string>> },
): NodeProcess => {
  const node = new NodeProcess(command, stateDirectory, env);
  const kill = (): void => node.signal('SIGKILL');
  process.once('exit', kill);
  t.teardown(async () => {
    await node.stop();
    process.removeListener('exit', kill);
  });
  return node;
};

/** A directory that a node may have; removed after what was started since has been stopped. */
export const stateDirectory = async (t: TestScope): Promise<string> => {
  const directory = await mkdtemp(path.join(tmpdir(), 'platen-journey-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return directory;
};

/** Starts platend; its configuration lies beside its state. It need not come up: see `ready`. */
export const launchNode = async (t: TestScope, options: NodeProcessOptions = {}): Promise<NodeProcess> => {
  const state = options.stateDirectory ?? (await stateDirectory(t));
  const file = path.join(state, 'platen.yaml');
  // JSON is YAML.
  await writeFile(file, JSON.stringify({ ...configOf(options), stateDirectory: state }, null, 2));
  const command = [...(options.within ?? []), process.execPath, bin('platend.js'), '--config', file];
  return startProcess(t, command, {
    stateDirectory: state,
    ...(options.env === undefined ? {} : { env: options.env }),
  });
};

/** A node that is ready. */
export const startNode = async (t: TestScope, options: NodeProcessOptions = {}): Promise<NodeProcess> => {
  const node = await launchNode(t, options);
  await node.ready();
  return node;
};
