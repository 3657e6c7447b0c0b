// Looks after an etcd cluster every minute: reads how its members are, carries out the plan, tells how full it is. One node of the cluster runs it.

import type { Clock } from '../../platform/clock.js';
import type { Log } from '../../platform/log.js';
import { parseEndpoints } from './endpoint.js';
import { Gateway, type TlsConnections } from './gateway.js';
import type { Alarm, MaintenanceAction, MaintenancePlan, MemberStatus, Sample } from './maintenance-plan.js';
import { keepMs, planMaintenance } from './maintenance-plan.js';
import type { Fields } from './wire.js';
import { fieldsOf, listOf, numberOf, paths, revisionOf, revisionRequest, textOf } from './wire.js';

const everyMs = 60_000;
/** While an alarm stands, what was done is looked at again after this. */
const soonMs = 1_000;
const askMs = 2_000;
/** A member with 8 GB is rewritten as a whole. */
const defragmentMs = 15 * 60_000;
const compactMs = 60_000;

export interface MaintenanceOptions {
  /** All members. */
  readonly endpoints: readonly string[];
  readonly tls?: (() => TlsConnections) | undefined;
  readonly insecure?: boolean;
  /** As the members' own `--quota-backend-bytes`. */
  readonly quotaBytes: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether this node is the one that looks after the cluster just now. */
  readonly isMine: () => boolean;
  /** Told after every look. */
  readonly onPlan: (plan: MaintenancePlan) => void;
}

export class EtcdMaintenance {
  readonly #options: MaintenanceOptions;
  readonly #gateways: ReadonlyMap<string, Gateway>;
  readonly #stopping = new AbortController();
  #samples: Sample[] = [];
  #compacted = 0;
  #defragmented: string[] = [];
  #because = '';
  #running: Promise<void> | undefined;

  /** Throws RangeError for endpoints that cannot be used. */
  constructor(options: MaintenanceOptions) {
    this.#options = options;
    const { endpoints, tls, insecure = false, clock } = options;
    this.#gateways = new Map(
      parseEndpoints(endpoints, insecure).map((endpoint) => [
        endpoint.host,
        new Gateway({ endpoint, tls: tls?.(), clock }),
      ]),
    );
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Lets go; an action that runs in etcd is not waited for. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const gateway of this.#gateways.values()) gateway.close();
    await this.#running;
  }

  /** One look and what follows from it; undefined when nobody answered. */
  async look(): Promise<MaintenancePlan | undefined> {
    const { clock, quotaBytes, onPlan, log } = this.#options;
    const members = await this.#statuses();
    const [first] = members;
    const revision = first && (await this.#revision(first.endpoint));
    const alarms = first && (await this.#alarms(first.endpoint));
    if (first === undefined || revision === undefined || alarms === undefined) return undefined;
    this.#remember({ atMs: clock.monotonic(), revision });
    const plan = planMaintenance({
      nowMs: clock.monotonic(),
      quotaBytes,
      expected: this.#gateways.size,
      members,
      alarms,
      samples: this.#samples,
      compacted: this.#compacted,
      defragmented: this.#defragmented,
    });
    if (plan.because !== this.#because) log.info({ actions: plan.actions }, `etcd: ${plan.because}`);
    this.#because = plan.because;
    onPlan(plan);
    for (const action of plan.actions) {
      if (this.#stopping.signal.aborted || !this.#options.isMine()) break;
      await this.#carryOut(action, first.endpoint);
    }
    return plan;
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#stopping.signal.aborted) {
      const plan = await this.look();
      await clock.sleep(plan?.lookSoon === true ? soonMs : everyMs, this.#stopping.signal);
    }
  }

  /** Samples older than the one to compact at are of no use. */
  #remember(sample: Sample): void {
    const old = this.#samples.findLastIndex(({ atMs }) => atMs <= sample.atMs - keepMs);
    this.#samples = [...this.#samples.slice(Math.max(0, old)), sample];
  }

  async #carryOut(action: MaintenanceAction, anywhere: string): Promise<void> {
    const { log } = this.#options;
    if (action.kind !== 'compact') log.info({ action }, 'etcd maintenance');
    const done = await this.#do(action, anywhere);
    if (done === undefined) return;
    if (action.kind === 'defragment') this.#defragmented.push(action.endpoint);
    if (action.kind !== 'compact') return;
    this.#compacted = action.revision;
    this.#defragmented = [];
  }

  #do(action: MaintenanceAction, anywhere: string): Promise<Fields | undefined> {
    switch (action.kind) {
      case 'compact': {
        const body = { revision: String(action.revision), physical: true };
        return this.#ask(anywhere, paths.compaction, body, compactMs);
      }
      case 'defragment':
        return this.#ask(action.endpoint, paths.defragment, {}, defragmentMs);
      case 'move-leader':
        return this.#ask(action.endpoint, paths.moveLeader, { targetID: action.targetId });
      case 'disarm': {
        const body = { action: 'DEACTIVATE', memberID: action.memberId, alarm: action.alarm };
        return this.#ask(anywhere, paths.alarm, body);
      }
      default:
        return action satisfies never;
    }
  }

  async #statuses(): Promise<MemberStatus[]> {
    const asked = [...this.#gateways.keys()].map(async (endpoint): Promise<MemberStatus[]> => {
      const status = await this.#ask(endpoint, paths.status, {});
      if (status === undefined) return [];
      return [
        {
          endpoint,
          memberId: textOf(fieldsOf(status['header'])['member_id']),
          leaderId: textOf(status['leader']),
          sizeBytes: numberOf(status['dbSize']),
          inUseBytes: numberOf(status['dbSizeInUse']),
        },
      ];
    });
    return (await Promise.all(asked)).flat();
  }

  async #revision(endpoint: string): Promise<number | undefined> {
    const answer = await this.#ask(endpoint, paths.range, revisionRequest);
    return answer && revisionOf(answer);
  }

  async #alarms(endpoint: string): Promise<Alarm[] | undefined> {
    const answer = await this.#ask(endpoint, paths.alarm, { action: 'GET' });
    return (
      answer &&
      listOf(answer['alarms'])
        .map(fieldsOf)
        .map((each) => ({ memberId: textOf(each['memberID']), alarm: textOf(each['alarm']) }))
    );
  }

  async #ask(endpoint: string, path: string, body: Fields, timeoutMs = askMs): Promise<Fields | undefined> {
    const outcome = await this.#gateways.get(endpoint)?.post(path, body, timeoutMs);
    if (outcome?.kind === 'answer') return outcome.answer;
    if (this.#stopping.signal.aborted) return undefined;
    const because = outcome?.kind === 'refusal' ? outcome.refusal.message : outcome?.cause.message;
    this.#options.log.warn({ endpoint, path, because }, 'an etcd member did not do what was asked');
    return undefined;
  }
}
