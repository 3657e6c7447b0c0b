// Real etcd members on loopback, set up as Platen sets up its own (DESIGN section 4), each to be killed, paused and started again.

import { spawn, type ChildProcess } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { createServer, type AddressInfo, type Server } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { tlsArguments } from '../../lib/supervisor/member-arguments.js';
import { ask } from './ask.js';
import type { TestAuthority } from './certificates.js';
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
  /** Certificates on both sides, between members and for clients: each member has that of the node `m0`, `m1`, … */
  readonly authority?: TestAuthority;
}

type Answer = Record<string, unknown>;

export class EtcdMember {
  readonly endpoint: string;
  readonly #args: readonly string[];
  readonly #directory: string;
  #child: ChildProcess | undefined;
  #ended = Promise.resolve();
  #output = '';

  readonly #tls: RequestOptions;

  constructor(endpoint: string, directory: string, { args, tls }: { args: readonly string[]; tls: RequestOptions }) {
    this.endpoint = endpoint;
    this.#tls = tls;
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
    const leader = (await this.#status())?.leader;
    return leader !== undefined && leader !== '0';
  }

  async isLeader(): Promise<boolean> {
    const answer = await this.#status();
    return answer !== undefined && answer.leader === answer.header.member_id;
  }

  async id(): Promise<string | undefined> {
    return (await this.#status())?.header.member_id;
  }

  post(place: string, body: object): Promise<Answer> {
    return this.#ask(place, body, 20_000);
  }

  async #ask(place: string, body: object, timeoutMs: number): Promise<Answer> {
    const asked = { method: 'POST', body: JSON.stringify(body), tls: this.#tls, timeoutMs };
    return JSON.parse((await ask(new URL(place, this.endpoint), asked)).text) as Answer;
  }

  async #status(): Promise<{ leader?: string; header: { member_id: string } } | undefined> {
    try {
      const answer = await this.#ask('/v3/maintenance/status', {}, 500);
      return answer['header'] === undefined ? undefined : (answer as { header: { member_id: string } });
    } catch {
      return undefined;
    }
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
      const targetID = await member.id();
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
    return member.post(path, body);
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
  const { quotaBytes, fsync = false, folders, authority } = options;
  const scheme = authority === undefined ? 'http' : 'https';
  const directory = await temporaryDirectory(t);
  const free = await freePorts(2 * options.members);
  const ports = Array.from({ length: options.members }, (_, i) => ({ client: free[2 * i], peer: free[2 * i + 1] }));
  const urls = ports.map((port) => ({
    clientUrl: `${scheme}://${ownHost}:${port.client}`,
    peerUrl: `${scheme}://${ownHost}:${port.peer}`,
  }));
  const peers = urls.map(({ peerUrl }, i) => `m${i}=${peerUrl}`).join(',');
  const members: EtcdMember[] = [];
  for (const [i, { clientUrl: endpoint, peerUrl }] of urls.entries()) {
    const files = await authority?.give(`m${i}`, { addresses: [ownHost] });
    const tls =
      files === undefined
        ? {}
        : { ca: await readFile(files.ca), cert: await readFile(files.certificate), key: await readFile(files.key) };
    const folder = folders?.[i] ?? path.join(directory, `m${i}`);
    const args = [
      ['--name', `m${i}`, '--data-dir', folder],
      ['--listen-client-urls', endpoint, '--advertise-client-urls', endpoint],
      ['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl, '--initial-cluster', peers],
      ['--initial-cluster-token', path.basename(directory)],
      ['--heartbeat-interval', '50', '--election-timeout', '250', '--pre-vote', '--enable-grpc-gateway'],
      ['--logger', 'zap', '--log-level', 'error', '--experimental-watch-progress-notify-interval', '1s'],
      fsync ? [] : ['--unsafe-no-fsync'],
      quotaBytes === undefined ? [] : ['--quota-backend-bytes', String(quotaBytes)],
      ...(files === undefined ? [] : tlsArguments({ clientUrl: endpoint, peerUrl }, files)),
    ].flat();
    members.push(new EtcdMember(endpoint, folder, { args, tls }));
  }
  const cluster = new EtcdCluster(members);
  t.teardown(() => cluster.stop());
  for (const member of members) member.start();
  await cluster.ready();
  return cluster;
};
