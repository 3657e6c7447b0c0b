// The SNMP manager: asks each watched device how it is, every so often. Devices that do not answer wait among themselves:
// they never delay those that do. What it knows is soft state; nothing of it goes into the store.

import type { Varbind } from 'net-snmp';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import { deviceNames, readAnswer, readCount } from './device-answer.js';
import { conditionOf } from './printer-mib.js';
import type { DeviceAnswer, HrPrinterStatus } from './printer-mib.js';
import { snmpGet } from './snmp-get.js';
import type { SnmpTarget } from './snmp-get.js';
import { TwoLanes } from './two-lanes.js';
import type { Lane } from './two-lanes.js';

export interface DeviceTarget extends SnmpTarget {
  /** The device's hrDeviceIndex; counted from 1. */
  readonly index: number;
  /** Whether the device's TCP port answered when last tried; undefined: not known (R41). */
  reachable?(): boolean | undefined;
}

export interface DeviceStatus {
  /** `unknown` also where no answer came: silence over SNMP is no error of the printer. */
  readonly state: HrPrinterStatus;
  /** `printer-state-reasons` keywords with severity. */
  readonly reasons: readonly string[];
  readonly lifeCount?: number;
  /** Whether the last poll was answered. */
  readonly answered: boolean;
}

export interface DevicePollerOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Polls under way at once: of 500 at once a third gets lost. */
  readonly concurrency?: number;
  readonly intervalMs?: number;
  /** For each of the two tries of a poll. */
  readonly timeoutMs?: number;
}

interface Watched {
  readonly key: string;
  readonly target: DeviceTarget;
  readonly onStatus: (status: DeviceStatus) => void;
  status: DeviceStatus;
  /** Slow after a poll without answer. */
  lane: Lane;
  /** Takes back the timer or the place in the queue. */
  cancel: () => void;
}

const unknown: DeviceStatus = { state: 'unknown', reasons: [], answered: false };
/** First polls are spread over this long, later ones by up to a fifth of the interval. */
const firstWithinMs = 1_000;
const jitter = 0.2;
/** An attempt waits no longer for the page counter, two tries included. */
const lifeCountWithinMs = 1_000;
const tries = 2;

export class DevicePoller {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #intervalMs: number;
  readonly #timeoutMs: number;
  readonly #lanes: TwoLanes;
  readonly #watched = new Map<string, Watched>();
  readonly #underWay = new Set<AbortController>();
  #closed = false;

  constructor({ clock, log, concurrency = 32, intervalMs = 15_000, timeoutMs = 1_000 }: DevicePollerOptions) {
    this.#clock = clock;
    this.#log = log;
    this.#intervalMs = intervalMs;
    this.#timeoutMs = timeoutMs;
    this.#lanes = new TwoLanes(concurrency);
  }

  /** Polls the device until `unwatch`; `onStatus` is called whenever the status has changed. A key that is watched already is watched anew. */
  watch(key: string, target: DeviceTarget, onStatus: (status: DeviceStatus) => void): void {
    this.unwatch(key);
    if (this.#closed) return;
    const watched: Watched = { key, target, onStatus, status: unknown, lane: 'quick', cancel: () => {} };
    this.#watched.set(key, watched);
    this.#pollAfter(watched, Math.random() * Math.min(firstWithinMs, this.#intervalMs));
  }

  unwatch(key: string): void {
    this.#watched.get(key)?.cancel();
    this.#watched.delete(key);
  }

  /** What is known; `unknown` for a key that is not watched or did not answer yet. */
  status(key: string): DeviceStatus {
    return this.#watched.get(key)?.status ?? unknown;
  }

  /** The device's page counter, asked now; undefined if it gives none within a second. Never rejects. */
  async readLifeCount(target: DeviceTarget): Promise<number | undefined> {
    const name = deviceNames(target.index).lifeCount;
    const controller = new AbortController();
    const cancel = this.#clock.after(lifeCountWithinMs, () => controller.abort());
    try {
      const varbinds = await this.#get(target, [name], { timeoutMs: lifeCountWithinMs / tries, controller });
      return readCount(varbinds?.get(name));
    } finally {
      cancel();
    }
  }

  /** Ends all polling at once; nothing is called any more. */
  close(): void {
    this.#closed = true;
    for (const { cancel } of this.#watched.values()) cancel();
    this.#watched.clear();
    for (const controller of this.#underWay) controller.abort();
  }

  #pollAfter(watched: Watched, ms: number): void {
    watched.cancel = this.#clock.after(ms, () => {
      watched.cancel = this.#lanes.run(watched.lane, () => this.#poll(watched));
    });
  }

  async #poll(watched: Watched): Promise<void> {
    const answer = await this.#ask(watched.target);
    if (this.#watched.get(watched.key) !== watched) return;
    this.#learn(watched, answer);
    this.#pollAfter(watched, this.#intervalMs * (1 - jitter / 2 + jitter * Math.random()));
  }

  async #ask(target: DeviceTarget): Promise<DeviceAnswer | undefined> {
    const names = deviceNames(target.index);
    const limits = { timeoutMs: this.#timeoutMs, controller: new AbortController() };
    const varbinds = await this.#get(target, Object.values(names), limits);
    return varbinds && readAnswer(varbinds, names);
  }

  async #get(
    target: DeviceTarget,
    names: readonly string[],
    { timeoutMs, controller }: { readonly timeoutMs: number; readonly controller: AbortController },
  ): Promise<ReadonlyMap<string, Varbind> | undefined> {
    if (this.#closed) return undefined;
    this.#underWay.add(controller);
    const limits = { timeoutMs, retries: tries - 1, clock: this.#clock, signal: controller.signal };
    try {
      return await snmpGet(target, names, limits);
    } finally {
      this.#underWay.delete(controller);
    }
  }

  #learn(watched: Watched, answer: DeviceAnswer | undefined): void {
    const before = watched.status;
    try {
      watched.status = answer ? { ...conditionOf(answer, watched.target.reachable?.()), answered: true } : unknown;
      watched.lane = watched.status.answered ? 'quick' : 'slow';
      if (before.answered !== watched.status.answered) this.#logTurn(watched);
      if (!isSame(before, watched.status)) watched.onStatus(watched.status);
    } catch (error) {
      this.#log.error({ device: watched.key, error: String(error) }, 'a device’s status could not be passed on');
    }
  }

  #logTurn({ key, status }: Watched): void {
    this.#log.debug({ device: key }, status.answered ? 'the device answers SNMP' : 'the device does not answer SNMP');
  }
}

const isSame = (a: DeviceStatus, b: DeviceStatus): boolean =>
  a.state === b.state &&
  a.answered === b.answered &&
  a.lifeCount === b.lifeCount &&
  a.reasons.length === b.reasons.length &&
  a.reasons.every((reason, i) => reason === b.reasons[i]);
