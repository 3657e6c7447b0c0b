// A node as its own processes: started, killed without warning, started again. Knows its ports, its worker and its token.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readdirSync, readFileSync, readlinkSync, type WriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { identify, isAlive, type ProcessId, send } from '../processes.js';
import type { KillTarget } from './history.js';

export const builtNode = path.resolve(import.meta.dirname, '../../../bin/platend.js');

export interface NodePorts {
  readonly ipp: number;
  readonly lpd: number;
  readonly rest: number;
}

export interface NodeRunnerOptions {
  /** Holds `platen.yaml`; what the node says goes to `node.log`. */
  readonly directory: string;
  /** What `platen.yaml` says; default: `state/` in the directory. */
  readonly state?: string;
  /** What is run, with its arguments, before `--config`; default: the built platend under this Node.js. */
  readonly command?: readonly string[];
}

const readyTimeoutMs = 30_000;
const goneTimeoutMs = 10_000;

const childrenOf = (pid: number): number[] => {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
};

const portIn = (banner: string, protocol: string): number =>
  Number(new RegExp(`^  ${protocol} +127\\.0\\.0\\.1:(\\d+)$`, 'm').exec(banner)?.[1]);

export class NodeRunner {
  readonly state: string;
  readonly #options: NodeRunnerOptions;
  readonly #command: readonly string[];
  readonly #log: WriteStream;
  /** Every process that this node ever was, by pid. */
  readonly #processes = new Map<number, ProcessId>();
  #child: ChildProcess | undefined;
  #ports: NodePorts | undefined;

  constructor(options: NodeRunnerOptions) {
    this.#options = options;
    this.#command = options.command ?? [process.execPath, builtNode];
    this.state = options.state ?? path.join(options.directory, 'state');
    this.#log = createWriteStream(path.join(options.directory, 'node.log'), { flags: 'a' });
    process.once('exit', this.#killAll);
  }

  /** Undefined while it does not listen. */
  get ports(): NodePorts | undefined {
    return this.#ports;
  }

  get restUrl(): string | undefined {
    return this.#ports === undefined ? undefined : `http://127.0.0.1:${this.#ports.rest}`;
  }

  /** The process that prints: what was started itself, or the child of platend as soon as there is one. */
  get workerPid(): number | undefined {
    const pid = this.#startedPid;
    if (pid === undefined || !this.#command.includes(builtNode)) return pid;
    return childrenOf(pid)[0] ?? pid;
  }

  /** Undefined when its end was seen: its pid may be another's by then. */
  get #startedPid(): number | undefined {
    const child = this.#child;
    return child?.exitCode === null && child.signalCode === null ? child.pid : undefined;
  }

  async token(): Promise<string> {
    return (await readFile(path.join(this.state, 'token'), 'latin1')).trim();
  }

  /** Starts the node; does not wait until it listens. */
  spawn(): void {
    const { directory } = this.#options;
    const [program = '', ...args] = this.#command;
    const child = spawn(program, [...args, '--config', path.join(directory, 'platen.yaml')], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '', UV_THREADPOOL_SIZE: '16' },
    });
    this.#child = child;
    this.#note(child.pid);
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (this.#child === child && this.#ports === undefined && /^ready$/m.test(said)) this.#isReady(said);
    });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: string | Buffer) => void this.#log.write(text));
    child.once('exit', () => {
      if (this.#child === child) this.#ports = undefined;
    });
  }

  /** Resolves when it listens; rejects when it ends before, or takes too long. */
  async ready(): Promise<NodePorts> {
    const deadline = AbortSignal.timeout(readyTimeoutMs);
    for (;;) {
      if (this.#ports !== undefined) return this.#ports;
      if (this.#child === undefined || this.#child.exitCode !== null || deadline.aborted)
        throw new Error(`the node did not get ready (exit status ${this.#child?.exitCode}): see node.log`);
      await pause(5);
    }
  }

  /** The ports, as soon as there are any; undefined when `signal` aborts first. */
  async reachable(signal: AbortSignal): Promise<NodePorts | undefined> {
    while (this.#ports === undefined && !signal.aborted) await pause(10);
    return this.#ports;
  }

  /** SIGKILL, at once. A worker that is not there yet is killed with its parent. */
  kill(target: KillTarget): void {
    const worker = this.#note(this.workerPid);
    const parent = this.#note(this.#startedPid);
    this.#ports = undefined;
    if (worker !== undefined && target !== 'parent') send(worker, 'SIGKILL');
    if (parent !== undefined && target !== 'worker') send(parent, 'SIGKILL');
  }

  /** Stops its processes where they are; only a kill ends that. */
  freeze(): void {
    for (const pid of [this.#startedPid, this.workerPid]) if (pid !== undefined) process.kill(pid, 'SIGSTOP');
  }

  /** Resolves with how long it took until no process of this node was left; -1: some had to be killed. */
  async gone(): Promise<number> {
    const since = performance.now();
    while ([...this.#processes.values()].some(isAlive)) {
      if (performance.now() - since > goneTimeoutMs) {
        this.#killAll();
        return -1;
      }
      await pause(5);
    }
    this.#processes.clear();
    return Math.round(performance.now() - since);
  }

  /** Stops it in order; its exit status. */
  async stop(): Promise<number> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return child?.exitCode ?? 0;
    this.#note(this.workerPid);
    child.kill('SIGTERM');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return child.exitCode ?? 128;
  }

  /** Descriptors of the worker: files below the state directory, and how many sockets. */
  descriptors(): { readonly files: readonly string[]; readonly sockets: number } {
    const folder = `/proc/${this.workerPid}/fd`;
    const targets = readdirSync(folder).flatMap((name) => {
      try {
        return [readlinkSync(path.join(folder, name))];
      } catch {
        return [];
      }
    });
    return {
      files: targets
        .filter((target) => target.startsWith(this.state))
        .map((target) => path.relative(this.state, target)),
      sockets: targets.filter((target) => target.startsWith('socket:')).length,
    };
  }

  close(): void {
    this.#killAll();
    process.removeListener('exit', this.#killAll);
    this.#log.end();
  }

  readonly #killAll = (): void => {
    this.#note(this.workerPid);
    for (const one of this.#processes.values()) send(one, 'SIGKILL');
  };

  #note(pid: number | undefined): ProcessId | undefined {
    const identity = identify(pid);
    if (identity !== undefined) this.#processes.set(identity.pid, identity);
    return identity;
  }

  #isReady(banner: string): void {
    this.#note(this.workerPid);
    this.#ports = { ipp: portIn(banner, 'ipp'), lpd: portIn(banner, 'lpd'), rest: portIn(banner, 'rest') };
  }
}
