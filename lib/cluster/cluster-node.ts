// One node of the cluster: looks, decides, lets the executor act, and says why. Everything is repeated at each change and when a decision asks for it.

import { PlatenError } from '../errors.js';
import type { NodeRecord } from '../model/cluster.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import type { Store } from '../store/store.js';
import { decide } from './decide.js';
import type { Decision, Reason } from './decision.js';
import { Executor, type Step } from './executor.js';
import { Journal, type Note } from './journal.js';
import { LocalGroups } from './local-groups.js';
import { Observer } from './observer.js';
import { Ownership } from './ownership.js';
import { OwnerWrites } from './owner-writes.js';
import { Placement } from './placement.js';
import type { Renewal } from './renewal.js';
import { orderlyEnd, Renewer } from './renewer.js';
import { StoreContact, type StoreSilence } from './store-contact.js';
import type { EpochMemory, Resources } from './resources.js';
import { type NewsSink, noteGivenUp, noteNews, noteOwnFence, noteStoreBack } from './news.js';
import { TakeoverLog } from './takeover-log.js';
import type { Timing } from './timing.js';
import { deathOf, localResources, ownOwner, type View } from './view.js';

export interface ClusterNodeParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly timing: Timing;
  readonly node: string;
  /** Of its state directory. */
  readonly id: string;
  readonly newIncarnation: () => string;
  /** Own addresses and readiness, asked at each renewal. */
  readonly describe: () => Pick<NodeRecord, 'addresses' | 'readiness'>;
  readonly suspendCounting?: () => number;
  readonly memory: EpochMemory;
  readonly resources: Resources;
  /** Told after every confirmed renewal and at its end: for the supervisor's deadline. */
  readonly onRenewal?: (renewal: Renewal) => void;
  /** Told when nothing of a life is left; the next one begins when it resolves. */
  readonly onLifeOver?: () => Promise<void>;
  /** Told when another node has this one's name: no life begins any more. */
  readonly onNameTaken: (error: PlatenError) => void;
  /** Told at every look. */
  readonly onLook?: (view: View) => void;
  /** Told what operators should hear of. */
  readonly news?: NewsSink;
}

/** Looks at least this often. */
const longestWaitMs = 1_000;

export class ClusterNode {
  readonly ownership: Ownership;
  /** Changes of owner that brought groups here; is to be told of the first octet that leaves. */
  readonly takeovers: TakeoverLog;
  readonly #parts: ClusterNodeParts;
  readonly #renewer: Renewer;
  readonly #observer: Observer;
  readonly #executor: Executor;
  readonly #local = new LocalGroups();
  readonly #placement = new Placement();
  readonly #journal: Journal;
  readonly #contact: StoreContact;
  #decision: Decision;
  /** The life whose end was told. */
  #mourned = '';
  #isStopping = false;
  #isOver = false;
  #isLookDue = false;
  #cancelTimer: () => void = () => {};
  #onRest: () => void = () => {};

  constructor(parts: ClusterNodeParts) {
    this.#parts = parts;
    const { clock, log, timing, node, memory, resources, news } = parts;
    const toleratedMs = timing.fenceAfterMs;
    this.#contact = new StoreContact({
      store: parts.store,
      clock,
      toleratedMs,
      onBack: (silence) => noteStoreBack(news, silence),
    });
    const { store } = this.#contact;
    const onChange = (): void => this.lookAgain();
    this.#decision = {
      actions: [],
      because: [{ about: node, text: 'the store is being read' }],
      lookAgainAt: undefined,
    };
    const local = this.#local;
    this.#journal = new Journal({ clock, log });
    this.#observer = new Observer({ store, clock, log, timing, node, onChange });
    this.#renewer = new Renewer({
      ...parts,
      store,
      describe: () => this.#describe(),
      onChange: (renewal) => this.#renewed(renewal),
    });
    this.takeovers = new TakeoverLog({ store, clock, log });
    this.ownership = new Ownership({ node, clock, renewal: () => this.#renewer.renewal });
    this.#executor = new Executor({
      clock,
      log,
      local,
      memory,
      resources,
      onChange,
      ownership: this.ownership,
      writes: new OwnerWrites({ store, clock, log, timing, node, memory, local, onChange }),
      describe: (group, name) =>
        this.#observer.observed.groups.get(group)?.record.resources?.find((each) => each.name === name),
      beginLife: () => this.#beginLife(),
      onStep: (group, step, text) => this.#stepped(group, step, text),
    });
  }

  start(): void {
    this.#observer.start();
    this.lookAgain();
  }

  /** Gives every group away, then fences its own record; or stops at once when `signal` aborts: then the supervisor fences it. */
  async stop(signal: AbortSignal): Promise<void> {
    this.#isStopping = true;
    this.#renewer.hurry();
    await new Promise<void>((resolve) => {
      this.#onRest = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
      if (signal.aborted) resolve();
      this.lookAgain();
    });
    const isAtRest = this.#isAtRest(this.view());
    this.#isOver = true;
    this.ownership.endAll();
    this.#cancelTimer();
    this.#observer.stop();
    if (isAtRest && !signal.aborted) await this.#renewer.end();
    else this.#renewer.stop();
  }

  /** This life is over: the supervisor does not answer, the disk failed. Everything goes offline, then a new life begins. */
  lose(because: string): void {
    this.#renewer.lose(because);
    this.ownership.endAll();
  }

  /** Something changed that a decision looks at; several at once make one look. */
  lookAgain(): void {
    if (this.#isLookDue || this.#isOver) return;
    this.#isLookDue = true;
    queueMicrotask(() => {
      this.#isLookDue = false;
      if (!this.#isOver) this.#look();
    });
  }

  /** What the last look found out, one sentence for each group and node. */
  explain(): readonly Reason[] {
    return this.#decision.because;
  }

  /** Since when the store does not answer; undefined while it does. */
  storeSilence(): StoreSilence | undefined {
    return this.#contact.silence;
  }

  /** The latest notes about a group or node, the oldest first. */
  history(about: string): readonly Note[] {
    return this.#journal.of(about);
  }

  /** The state that decisions look at. */
  view(): View {
    const { clock, node, timing, resources } = this.#parts;
    const { observed } = this.#observer;
    const wall = clock.wall();
    const placement = [...observed.groups.keys()].map(
      (group) => [group, this.#placement.order(group, observed.nodes.keys())] as const,
    );
    return {
      time: clock.monotonic(),
      wall,
      hour: new Date(wall).getHours(),
      me: node,
      timing,
      renewal: this.#renewer.renewal,
      observed,
      placement: new Map(placement),
      local: this.#local.snapshot((group) => resources.activity(group)),
      stopping: this.#isStopping,
    };
  }

  #describe(): Pick<NodeRecord, 'addresses' | 'readiness'> {
    const { addresses, readiness } = this.#parts.describe();
    return { addresses, readiness: this.#isStopping ? { ...readiness, none: 'it stops' } : readiness };
  }

  #look(): void {
    const view = this.view();
    this.#parts.onLook?.(view);
    noteNews(this.#parts.news, this.takeovers.look(view));
    const death = deathOf(view);
    if (death !== undefined) {
      this.#mourn(view, death);
      this.#renewer.lose(death);
      this.ownership.endAll();
    }
    if (!this.#observer.isComplete && death === undefined) return this.#lookAt(view.time, undefined);
    this.#endTenures(view);
    this.#decision = decide(view);
    this.#journal.decided(this.#decision);
    for (const action of this.#decision.actions) this.#executor.carryOut(action);
    if (this.#isStopping && this.#isAtRest(view)) this.#onRest();
    this.#lookAt(view.time, this.#decision.lookAgainAt);
  }

  /** Once for each life. */
  #mourn(view: View, death: string): void {
    const { incarnation } = view.renewal;
    if (this.#mourned !== incarnation) noteGivenUp(this.#parts.news, view, death);
    this.#mourned = incarnation;
  }

  /** A tenure ends when its owner record is not the one in the store any more. */
  #endTenures(view: View): void {
    for (const group of view.local.keys()) {
      const revision = this.ownership.current(group)?.revision;
      if (revision !== undefined && ownOwner(view, group)?.revision !== revision) this.ownership.end(group);
    }
  }

  #lookAt(now: number, at: number | undefined): void {
    this.#cancelTimer();
    const wait = Math.min(longestWaitMs, Math.max(1, (at ?? Number.POSITIVE_INFINITY) - now));
    this.#cancelTimer = this.#parts.clock.after(wait, () => this.lookAgain());
  }

  /** Nothing runs here, and no owner record names this life. */
  #isAtRest(view: View): boolean {
    const up = [...view.local.keys()].some(
      (group) => localResources(view, group, ['online', 'online-pending', 'failed', 'offline-pending']).length > 0,
    );
    const { incarnation } = view.renewal;
    const owns = [...view.observed.owners.values()].some(
      ({ record }) => record.incarnation === incarnation && record.released !== true,
    );
    return !up && !owns;
  }

  #stepped(group: string, step: Step, text: string): void {
    this.#journal.note(group, text);
    const record = this.#observer.observed.groups.get(group)?.record;
    if (record !== undefined && step.state === 'online') this.takeovers.online(record, step.resource);
    if (step.state === 'failed') this.#parts.news?.note('resource-failed', { group, text });
  }

  #renewed(renewal: Renewal): void {
    this.#parts.onRenewal?.(renewal);
    this.lookAgain();
  }

  async #beginLife(): Promise<void> {
    if (this.#isOver) return;
    await this.#parts.onLifeOver?.();
    if (this.#isOver) return;
    try {
      const before = await this.#renewer.begin();
      noteOwnFence(this.#parts.news, this.#parts.node, before?.record, orderlyEnd);
    } catch (error) {
      if (!(error instanceof PlatenError) || error.code !== 'node-name-taken') throw error;
      this.#isOver = true;
      this.#observer.stop();
      this.#parts.onNameTaken(error);
    }
  }
}
