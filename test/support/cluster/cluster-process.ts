// One node of a cluster as its processes: supervisor and worker, each to be killed, stopped and let go on.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync, type WriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { ask } from '../ask.js';
import { run, type RunResult } from '../peers.js';
import { childrenOf, commandOf, freeze, gone, identify, isAlive, type ProcessId, send } from '../processes.js';

const ownPrograms = path.resolve(import.meta.dirname, '../../../bin');

export const nodeParts = ['worker', 'supervisor', 'both'] as const;
export type NodePart = (typeof nodeParts)[number];

export interface Place {
  readonly host: string;
  readonly port: number;
}

export interface ClusterProcessOptions {
  readonly name: string;
  /** Holds its configuration, its log and, unless told otherwise, its state. */
  readonly directory: string;
  readonly state?: string;
  readonly rest: Place;
  /** The whole configuration but the state directory. */
  readonly config: object;
  /** A module that supervisor and worker load before anything else. */
  readonly preload?: string;
  /** The folder of its programs; absent: those of this build. */
  readonly programs?: string;
  /** The authority's certificate: its REST API speaks TLS. */
  readonly caFile?: string;
}

const goneTimeoutMs = 10_000;

export class ClusterProcess {
  readonly name: string;
  readonly state: string;
  readonly rest: Place;
  readonly #options: ClusterProcessOptions;
  #log: WriteStream | undefined;
  #child: ChildProcess | undefined;
  /** Every process that this node ever was. */
  readonly #known = new Map<string, ProcessId>();
  #said = '';
  /** How much of that earlier starts said. */
  #saidBefore = 0;

  constructor(options: ClusterProcessOptions) {
    this.#options = options;
    this.name = options.name;
    this.state = options.state ?? path.join(options.directory, 'state');
    this.rest = options.rest;
  }

  get supervisor(): ProcessId | undefined {
    return identify(this.#child?.pid);
  }

  /** The process that does the work, as it is just now. */
  get worker(): ProcessId | undefined {
    const { supervisor } = this;
    if (supervisor === undefined) return undefined;
    const worker = childrenOf(supervisor.pid)
      .map((pid) => identify(pid))
      .find((id) => id !== undefined && commandOf(id).includes('platen-worker'));
    if (worker !== undefined) this.#known.set(`${worker.pid} ${worker.startTime}`, worker);
    return worker;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** All that it wrote, its log included. */
  get output(): string {
    return this.#said;
  }

  /** Does not wait for anything. */
  async start(): Promise<void> {
    const { directory, config, preload } = this.#options;
    await mkdir(directory, { recursive: true });
    const file = path.join(directory, 'platen.yaml');
    // JSON is YAML.
    await writeFile(file, JSON.stringify({ ...config, stateDirectory: this.state }, undefined, 2));
    this.#log ??= createWriteStream(path.join(directory, 'node.log'), { flags: 'a' });
    const child = spawn(process.execPath, [this.#program('platend.js'), '--config', file], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: preload === undefined ? '' : `--import=${pathToFileURL(preload).href}` },
    });
    this.#child = child;
    this.#saidBefore = this.#said.length;
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#said += text;
        this.#log?.write(text);
      });
    const supervisor = identify(child.pid);
    if (supervisor !== undefined) this.#known.set(`${supervisor.pid} ${supervisor.startTime}`, supervisor);
  }

  /** Resolves when its worker has said so since it was started. */
  async ready(timeoutMs = 20_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!/^ready$/m.test(this.#said.slice(this.#saidBefore))) {
      if (!this.isRunning || performance.now() > deadline) throw new Error(`${this.name} is not ready:\n${this.#said}`);
      await pause(10);
    }
  }

  /** At once. The worker first: its supervisor could start another. */
  signal(part: NodePart, signal: NodeJS.Signals): void {
    const ids = this.#idsOf(part);
    for (const id of ids) send(id, signal);
  }

  /** Resolves when they stand still. */
  async freeze(part: NodePart): Promise<void> {
    const ids = this.#idsOf(part);
    for (const id of ids) send(id, 'SIGSTOP');
    await Promise.all(ids.map((id) => freeze(id)));
  }

  /** Ends it in order; its exit status, 128 when it was killed. */
  async stop(): Promise<number> {
    const child = this.#child;
    if (child === undefined) return 0;
    void this.worker;
    if (this.isRunning) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    return child.exitCode ?? 128;
  }

  /** Resolves when none of its processes is left, or with those that are after 10 s. */
  gone(): Promise<readonly ProcessId[]> {
    return gone([...this.#known.values()], goneTimeoutMs);
  }

  /** Processes of its that are there now. */
  left(): readonly ProcessId[] {
    return [...this.#known.values()].filter(isAlive);
  }

  /** Resolves when its spool has so many octets of documents. */
  async holds(octets: number): Promise<void> {
    const folder = path.join(this.state, 'documents');
    for (;;) {
      const files = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
      const sizes = files
        .filter((file) => file.isFile())
        .map((file) =>
          stat(path.join(file.parentPath, file.name)).then(
            ({ size }) => size,
            () => 0,
          ),
        );
      if ((await Promise.all(sizes)).reduce((sum, size) => sum + size, 0) >= octets) return;
      await pause(5);
    }
  }

  /** The disk is gone, and all that was on it. */
  loseDisk(): Promise<void> {
    return rm(this.state, { recursive: true, force: true });
  }

  /** The authority's certificate, where the nodes have certificates. */
  get ca(): string | undefined {
    const { caFile } = this.#options;
    return caFile === undefined ? undefined : readFileSync(caFile, 'utf8');
  }

  get restUrl(): string {
    return `${this.#options.caFile === undefined ? 'http' : 'https'}://${this.rest.host}:${this.rest.port}`;
  }

  async token(): Promise<string> {
    return (await readFile(path.join(this.state, 'token'), 'latin1')).trim();
  }

  /** The operator's command line, at this node. */
  platen(...args: readonly string[]): Promise<RunResult> {
    const { caFile } = this.#options;
    const trust = caFile === undefined ? [] : ['--ca', caFile];
    return run(process.execPath, [
      this.#program('platen.js'),
      ...args,
      '--state',
      this.state,
      '--url',
      this.restUrl,
      ...trust,
    ]);
  }

  /** One request of an operator. */
  async ask<Answer>(method: string, place: string, body?: object): Promise<Answer> {
    const { ca } = this;
    const { status, text } = await ask(`${this.restUrl}${place}`, {
      method,
      headers: {
        authorization: `Bearer ${await this.token()}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(ca === undefined ? {} : { tls: { ca } }),
      timeoutMs: 15_000,
    });
    if (status >= 300) throw new Error(`${this.name}: ${method} ${place}: ${status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as Answer;
  }

  #program(name: string): string {
    return path.join(this.#options.programs ?? ownPrograms, name);
  }

  #idsOf(part: NodePart): readonly (ProcessId | undefined)[] {
    const { worker, supervisor } = this;
    return [part === 'supervisor' ? undefined : worker, part === 'worker' ? undefined : supervisor];
  }
}
