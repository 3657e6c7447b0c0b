// Carries out what was decided: idempotent, in order of dependency; may fail, since the next look repairs it.

import { reasonOf } from '../errors.js';
import type { ResourceRecord } from '../model/cluster.js';
import type { Tenure } from '../model/ownership.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import type { Action } from './decision.js';
import type { LocalGroups } from './local-groups.js';
import type { Ownership } from './ownership.js';
import type { OwnerWrites } from './owner-writes.js';
import type { EpochMemory, Resources } from './resources.js';

export interface ExecutorParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly local: LocalGroups;
  readonly writes: OwnerWrites;
  readonly ownership: Ownership;
  readonly memory: EpochMemory;
  readonly resources: Resources;
  /** The group's resource as the store describes it now. */
  readonly describe: (group: string, name: string) => ResourceRecord | undefined;
  /** Starts a new incarnation; everything of the old one is gone. */
  readonly beginLife: () => Promise<void>;
  /** Told when a resource came online or went offline, or an action failed. */
  readonly onChange: () => void;
  /** Told of each resource that came online, went offline or failed. */
  readonly onStep: (group: string, step: Step, text: string) => void;
}

export interface Step {
  readonly resource: string;
  readonly state: 'online' | 'offline' | 'failed';
}

type Of<Kind extends Action['do']> = Extract<Action, { do: Kind }>;

/** Holding, closing and resuming follow one another: what came last is what counts. */
const restOf = (group: string): string => `the rest of ${group}`;

/** Before a new life, or anything else that failed, is tried again. */
const pauseMs = 100;

export class Executor {
  readonly #parts: ExecutorParts;
  /** Group → what is being done there now. */
  readonly #onlining = new Map<string, { readonly abort: AbortController; readonly done: Promise<void> }>();
  /** What is being done only once at a time. */
  readonly #busy = new Set<string>();
  /** What failed last → why. */
  readonly #failed = new Map<string, string>();
  #remembered: Promise<void> = Promise.resolve();

  constructor(parts: ExecutorParts) {
    this.#parts = parts;
  }

  /** Begins to carry out; what it needs to remember of that is in the local groups when this returns. */
  carryOut(action: Action): void {
    const { writes, resources, local, clock } = this.#parts;
    switch (action.do) {
      case 'begin-life':
        return this.#once('begin-life', () => this.#beginLife());
      case 'fence':
        return void writes.fence(action);
      case 'claim':
      case 'hand-over':
      case 'release':
      case 'settle':
        if (action.do !== 'claim') this.#parts.ownership.end(action.group);
        return void writes.putOwner(action);
      case 'online':
        return this.#online(action);
      case 'offline':
        return this.#offline(action);
      case 'hold':
        return this.#once(restOf(action.group), async () => {
          // A spooler that is still coming would not have heard of it.
          await this.#onlining.get(action.group)?.done;
          await resources.hold(action.group);
          local.setHeld(action.group, clock.monotonic());
        });
      case 'cut-off':
        return this.#once(`cut off ${action.group}`, () => resources.cutOff(action.group));
      case 'close':
        return this.#once(restOf(action.group), async () => {
          await resources.close(action.group);
          local.setClosed(action.group, clock.monotonic());
        });
      case 'resume':
        return this.#once(restOf(action.group), async () => {
          await resources.resume(action.group);
          local.setResumed(action.group);
        });
      default:
        return action satisfies never;
    }
  }

  /** Runs it unless it is running; a failure is logged and paid for with a pause. */
  #once(name: string, work: () => Promise<void>): void {
    if (this.#busy.has(name)) return;
    this.#busy.add(name);
    const run = async (): Promise<void> => {
      try {
        await work();
        this.#failed.delete(name);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        // The same again is no news.
        const level = this.#failed.get(name) === reason ? 'debug' : 'warn';
        this.#failed.set(name, reason);
        this.#parts.log[level](reasonOf(error), `${name} failed; it is tried again`);
        await this.#parts.clock.sleep(pauseMs);
      }
      this.#busy.delete(name);
      this.#parts.onChange();
    };
    void run();
  }

  async #beginLife(): Promise<void> {
    const { ownership, local, beginLife } = this.#parts;
    ownership.endAll();
    local.clear();
    await beginLife();
  }

  #online(action: Of<'online'>): void {
    const { group } = action;
    if (this.#onlining.has(group) || this.#busy.has(`offline ${group}`)) return;
    const abort = new AbortController();
    const tenure = this.#parts.ownership.begin(group, action);
    this.#parts.local.begin(group, action);
    const done = this.#bringUp(action.resources, tenure, abort.signal).finally(() => {
      this.#onlining.delete(group);
      this.#parts.onChange();
    });
    this.#onlining.set(group, { abort, done });
  }

  /** One after the other; stops at the first that fails, and when the tenure is over. */
  async #bringUp(names: readonly string[], tenure: Tenure, signal: AbortSignal): Promise<void> {
    const { local, resources, describe, clock, log, onStep } = this.#parts;
    const { group, epoch } = tenure;
    for (const name of names) {
      const resource = describe(group, name);
      if (resource === undefined || signal.aborted || !tenure.holds()) return;
      local.setState(group, name, 'online-pending');
      try {
        if (name === names[0]) await this.#remember(group, epoch);
        if (!tenure.holds()) throw new Error('the ownership ended before it was online');
        await resources.online(group, resource, tenure, signal);
        if (signal.aborted || !tenure.holds()) return;
        local.setState(group, name, 'online');
        onStep(group, { resource: name, state: 'online' }, `${name} online at epoch ${epoch}`);
      } catch (error) {
        if (signal.aborted || !tenure.holds()) return;
        local.setState(group, name, 'failed', clock.monotonic());
        const why = error instanceof Error ? error.message : String(error);
        onStep(group, { resource: name, state: 'failed' }, `${name} failed: ${why}`);
        log.warn({ err: error, group, resource: name, epoch }, 'a resource failed');
        return;
      }
    }
  }

  /** One group after the other: the memory is one file. */
  #remember(group: string, epoch: number): Promise<void> {
    const next = this.#remembered.then(() => this.#parts.memory.remember(group, epoch));
    this.#remembered = next.catch(() => {});
    return next;
  }

  #offline({ group, resources: names }: Of<'offline'>): void {
    this.#once(`offline ${group}`, async () => {
      const onlining = this.#onlining.get(group);
      onlining?.abort.abort();
      await onlining?.done;
      for (const name of names) await this.#takeDown(group, name);
    });
  }

  async #takeDown(group: string, name: string): Promise<void> {
    const { local, resources, onStep } = this.#parts;
    const before = local.resource(group, name).state;
    local.setState(group, name, 'offline-pending');
    try {
      await resources.offline(group, name);
    } catch (error) {
      local.setState(group, name, before);
      throw error;
    }
    local.setState(group, name, 'offline');
    if (this.#isDown(group)) local.setResumed(group);
    onStep(group, { resource: name, state: 'offline' }, `${name} offline`);
  }

  #isDown(group: string): boolean {
    return [...this.#parts.local.get(group).resources.values()].every(({ state }) => state === 'offline');
  }
}
