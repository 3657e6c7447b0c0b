// Real etcd members on loopback, set up as Platen sets up its own (DESIGN section 4), each to be killed, paused and started again.

import { spawn, type ChildProcess } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ownAddress } from './own-address.js';
import { skipWithout, type TestScope, which } from './peers.js';
import { temporaryDirectory } from './temporary.js';

export const skipWithoutEtcd = skipWithout('etcd');

/** Where members and tests listen. */
export const ownHost = ownAddress(0);

/** So many different free ports of `ownHost`. */
export const freePorts = async (count: number): Promise<number[]> => {
  const servers: Server[] = [];
  for (let i = 0; i < count; i += 1) {
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(0, ownHost, resolve);
    });
    servers.push(server);
  }
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) server.close();
  return ports;
};

export interface EtcdOptions {
  readonly members: number;
  readonly quotaBytes?: number;
  /** Off where durability is not the subject: members that are killed keep what the kernel has. */
  readonly fsync?: boolean;
  /** Where each member keeps its data; default: in a directory that is gone after the test. */
  readonly folders?: readonly string[];
  /** Arguments for https; the caller waits until the members are ready. */
  readonly client?: { readonly args: readonly string[] };
}

const status = async (endpoint: string): Promise<{ leader?: string; header: { member_id: string } } | undefined> => {
  try {
    const response = await fetch(`${endpoint}/v3/maintenance/status`, {
      method: 'POST',
      body: '{}',
      signal: AbortSignal.timeout(500),
    });
    return response.ok ? ((await response.json()) as { leader?: string; header: { member_id: string } }) : undefined;
  } catch {
    return undefined;
  }
};

export class EtcdMember {
  readonly endpoint: string;
  readonly #args: readonly string[];
  readonly #directory: string;
  #child: ChildProcess | undefined;
  #ended = Promise.resolve();
  #output = '';

  constructor(endpoint: string, directory: string, args: readonly string[]) {
    this.endpoint = endpoint;
    this.#directory = directory;
    this.#args = args;
  }

  start(): void {
    const child = spawn(which('etcd') ?? 'etcd', this.#args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const kill = (): void => void child.kill('SIGKILL');
    process.once('exit', kill);
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once('exit', () => {
        process.removeListener('exit', kill);
        resolve();
      });
    });
  }

  /** True when it ended by itself. */
  get hasFailed(): boolean {
    return this.#child?.exitCode != null;
  }

  get output(): string {
    return this.#output;
  }

  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  /** Resolves when every thread of it stands still. */
  async pause(): Promise<void> {
    this.#child?.kill('SIGSTOP');
    const threads = `/proc/${this.#child?.pid ?? 0}/task`;
    const isStopped = async (thread: string): Promise<boolean> =>
      /\) T /.test(await readFile(`${threads}/${thread}/stat`, 'utf8'));
    await until(
      async () => (await Promise.all((await readdir(threads)).map(isStopped))).every(Boolean),
      () => 'a member stands still',
    );
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Forgets all that it held. */
  wipe(): Promise<void> {
    return rm(this.#directory, { recursive: true });
  }

  /** True when it answers and knows a leader. */
  async isReady(): Promise<boolean> {
    const leader = (await status(this.endpoint))?.leader;
    return leader !== undefined && leader !== '0';
  }

  async isLeader(): Promise<boolean> {
    const answer = await status(this.endpoint);
    return answer !== undefined && answer.leader === answer.header.member_id;
  }
}

export class EtcdCluster {
  readonly members: readonly EtcdMember[];

  constructor(members: readonly EtcdMember[]) {
    this.members = members;
  }

  get endpoints(): string[] {
    return this.members.map(({ endpoint }) => endpoint);
  }

  /** Leader and followers, once there is a leader. */
  async roles(): Promise<{ leader: EtcdMember; followers: EtcdMember[] }> {
    for (;;) {
      for (const leader of this.members)
        if (await leader.isLeader()) return { leader, followers: this.members.filter((member) => member !== leader) };
      await delay(50);
    }
  }

  /** Makes that member the leader. */
  async leadBy(member: EtcdMember): Promise<void> {
    const { leader } = await this.roles();
    if (leader !== member) {
      const targetID = (await status(member.endpoint))?.header.member_id;
      await this.post('/v3/maintenance/transfer-leadership', { targetID }, leader);
    }
    await until(
      () => member.isLeader(),
      () => 'a member leads',
    );
  }

  async ready(): Promise<void> {
    const what = (): string => this.members.map(({ output }) => output).join('\n');
    const isReady = async (member: EtcdMember): Promise<boolean> => {
      if (member.hasFailed) throw new Error(`a member ended: ${what()}`);
      return member.isReady();
    };
    await until(async () => (await Promise.all(this.members.map(isReady))).every(Boolean), what);
  }

  async post(path: string, body: object, member = this.members[0]!): Promise<Record<string, unknown>> {
    const response = await fetch(`${member.endpoint}${path}`, { method: 'POST', body: JSON.stringify(body) });
    return (await response.json()) as Record<string, unknown>;
  }

  /** Deletes every key. */
  async clear(): Promise<void> {
    const answer = await this.post('/v3/kv/deleterange', { key: 'AA==', range_end: 'AA==' });
    if ('error' in answer) throw new Error(`not cleared: ${String(answer['error'])}`);
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
  }
}

/** Asks until it holds, at most 20 s. */
export const until = async (holds: () => Promise<boolean>, what: () => string): Promise<void> => {
  const deadline = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not in time: ${what()}`);
    await delay(50);
  }
};

/** Starts a fresh cluster that is gone after the test. */
export const startEtcd = async (t: TestScope, options: EtcdOptions): Promise<EtcdCluster> => {
  const { quotaBytes, fsync = false, folders, client } = options;
  const directory = await temporaryDirectory(t);
  const free = await freePorts(2 * options.members);
  const ports = Array.from({ length: options.members }, (_, i) => ({ client: free[2 * i], peer: free[2 * i + 1] }));
  const peers = ports.map(({ peer }, i) => `m${i}=http://${ownHost}:${peer}`).join(',');
  const members = ports.map((port, i) => {
    const endpoint = `${client === undefined ? 'http' : 'https'}://${ownHost}:${port.client}`;
    const folder = folders?.[i] ?? path.join(directory, `m${i}`);
    const args = [
      ['--name', `m${i}`, '--data-dir', folder],
      ['--listen-client-urls', endpoint, '--advertise-client-urls', endpoint],
      ['--listen-peer-urls', `http://${ownHost}:${port.peer}`],
      ['--initial-advertise-peer-urls', `http://${ownHost}:${port.peer}`, '--initial-cluster', peers],
      ['--initial-cluster-token', path.basename(directory)],
      ['--heartbeat-interval', '50', '--election-timeout', '250', '--pre-vote', '--enable-grpc-gateway'],
      ['--logger', 'zap', '--log-level', 'error', '--experimental-watch-progress-notify-interval', '1s'],
      fsync ? [] : ['--unsafe-no-fsync'],
      quotaBytes === undefined ? [] : ['--quota-backend-bytes', String(quotaBytes)],
      client?.args ?? [],
    ].flat();
    return new EtcdMember(endpoint, folder, args);
  });
  const cluster = new EtcdCluster(members);
  t.teardown(() => cluster.stop());
  for (const member of members) member.start();
  if (client === undefined) await cluster.ready();
  return cluster;
};
