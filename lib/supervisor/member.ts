// This node's member of etcd: started, started again when it ends, found again by the next supervisor when this one is killed, and
// stopped in order with it. It outlives every worker.

import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import { identityOf, isRunning, signalProcess, type ProcessIdentity } from '../platform/processes.js';
import { backOffMs, soundAfterMs } from './back-off.js';
import type { ChildRecord } from './child-record.js';
import type { CredentialFiles } from '../platform/certificates/material.js';
import { memberArguments, type MemberConfig } from './member-arguments.js';
import { boundLog, memberProgram, startMember } from './member-program.js';

export interface MemberParts {
  readonly config: MemberConfig;
  /** Certificates, for its addresses that are https. */
  readonly files: CredentialFiles | undefined;
  readonly stateDirectory: string;
  readonly record: ChildRecord;
  readonly clock: Clock;
  readonly log: Log;
}

/** How often one that is not our child is looked at. */
const pollMs = 100;
const boundEveryMs = 60_000;
const stopPatienceMs = 5_000;

export class Member {
  readonly #parts: MemberParts;
  readonly #program: string;
  readonly #logFile: string;
  readonly #stopping = new AbortController();
  #running: ProcessIdentity | undefined;
  #ran: Promise<void> = Promise.resolve();

  /** Throws when the program is missing. */
  constructor(parts: MemberParts) {
    this.#parts = parts;
    this.#program = memberProgram(parts.config.program);
    this.#logFile = path.join(parts.stateDirectory, 'etcd.log');
  }

  /** Takes over the one that an earlier supervisor left, or starts one. */
  start(): void {
    this.#ran = this.#run();
    void this.#boundLog();
  }

  /** The process; undefined while there is none. */
  get running(): ProcessIdentity | undefined {
    return this.#running;
  }

  /** Ends it in order; it is started again by itself. */
  async restart(): Promise<void> {
    const { clock } = this.#parts;
    if (this.#running !== undefined && !this.#stopping.signal.aborted) await endProcess(this.#running, clock);
  }

  /** Resolves when it is gone: in order, or after some seconds killed. */
  async stop(): Promise<void> {
    const { clock, record } = this.#parts;
    this.#stopping.abort();
    const member = this.#running;
    if (member !== undefined) await endProcess(member, clock);
    await this.#ran;
    await record.set('member', undefined);
  }

  async #run(): Promise<void> {
    const { clock, log, record } = this.#parts;
    const { signal } = this.#stopping;
    const left = record.get('member');
    const isLeft = left !== undefined && isRunning(left);
    if (isLeft) {
      log.info({ pid: left.pid }, 'an earlier supervisor has left its member of etcd: it goes on');
      await this.#follow(left);
    }
    for (let ends = isLeft ? 1 : 0; !signal.aborted; ) {
      await clock.sleep(backOffMs(ends), signal);
      if (signal.aborted) return;
      const startedAt = clock.monotonic();
      const how = await this.#runOnce();
      ends = clock.monotonic() - startedAt >= soundAfterMs ? 1 : ends + 1;
      if (!signal.aborted)
        log.warn({ waitMs: backOffMs(ends) }, `the member of etcd ${how}: it is started again; see ${this.#logFile}`);
    }
  }

  async #runOnce(): Promise<string> {
    const { config, files, stateDirectory, record, log } = this.#parts;
    const directory = path.join(stateDirectory, 'etcd');
    const isNew = !existsSync(path.join(directory, 'member', 'wal'));
    const child = startMember(this.#program, memberArguments(config, { directory, isNew, files }), this.#logFile);
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(`could not be started: ${error.message}`));
      child.once('exit', (status, by) => resolve(by === null ? `ended with status ${status}` : `was ended by ${by}`));
    });
    if (child.pid === undefined) return ended;
    this.#running = identityOf(child.pid);
    log.info({ pid: child.pid, isNew }, 'the member of etcd is started');
    try {
      await record.set('member', this.#running);
    } catch (error) {
      log.error({ err: error }, 'the member of etcd cannot be put on record');
    }
    const how = await ended;
    this.#running = undefined;
    return how;
  }

  /** Resolves when a process that is not our child is gone. */
  async #follow(member: ProcessIdentity): Promise<void> {
    this.#running = member;
    while (isRunning(member)) await this.#parts.clock.sleep(pollMs);
    this.#running = undefined;
  }

  async #boundLog(): Promise<void> {
    const { clock } = this.#parts;
    const { signal } = this.#stopping;
    for (; !signal.aborted; await clock.sleep(boundEveryMs, signal)) boundLog(this.#logFile);
  }
}

/** Ends a process in order, or kills it. Resolves when it is gone. */
export const endProcess = async (target: ProcessIdentity, clock: Clock): Promise<void> => {
  const killAt = clock.monotonic() + stopPatienceMs;
  signalProcess(target, 'SIGTERM');
  // A stopped process hears no SIGTERM.
  signalProcess(target, 'SIGCONT');
  while (isRunning(target)) {
    if (clock.monotonic() >= killAt) signalProcess(target, 'SIGKILL');
    await clock.sleep(20);
  }
};
