// What is killed, and when: planned from the seed, carried out while the load goes on.

import { setTimeout as pause } from 'node:timers/promises';
import { type Kill, type KillTarget, killTargets, type KillTrigger } from './history.js';
import type { NodeRunner } from './node-runner.js';
import { Seeded } from './seeded.js';

export interface PlannedKill {
  readonly target: KillTarget;
  readonly trigger: KillTrigger;
  /** After the node is ready, or for `start` after it was started; then the trigger is awaited. */
  readonly afterMs: number;
}

/** Something else must have happened by then, or the kill comes by itself. */
const triggerTimeoutMs = 3_000;

export const planKills = (seed: string): readonly PlannedKill[] => {
  const seeded = new Seeded(`${seed} kills`);
  return Array.from({ length: seeded.between(3, 5) }, () => {
    const trigger = seeded.pick<KillTrigger>('time', 'time', 'print', 'print', 'answer', 'answer', 'start');
    // Before a worker exists there is only the parent to kill.
    const target = seeded.chance(0.5) ? 'worker' : seeded.pick(...killTargets);
    return { trigger, target, afterMs: trigger === 'start' ? seeded.between(20, 700) : seeded.between(100, 1_200) };
  });
};

export interface Triggers {
  /** Replaced for each kill: called at once by the printers and the clients. */
  onPrint: () => void;
  onAnswer: () => void;
}

const once = (arm: (fire: () => void) => void): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, triggerTimeoutMs);
    arm(() => {
      clearTimeout(timer);
      resolve();
    });
  });

/** Waits for the moment and kills in it. */
const killAtMoment = async (node: NodeRunner, { target, trigger, afterMs }: PlannedKill, triggers: Triggers) => {
  let at = 0;
  const kill = (): void => {
    if (at !== 0) return;
    node.kill(target);
    at = Date.now();
  };
  if (trigger !== 'start') await node.ready();
  await pause(afterMs);
  if (trigger === 'print' || trigger === 'answer') {
    const name = trigger === 'print' ? 'onPrint' : 'onAnswer';
    // In the same turn of the event loop in which it was seen.
    await once((fire) => {
      triggers[name] = () => {
        kill();
        fire();
      };
    });
    triggers[name] = () => undefined;
  }
  kill();
  return at;
};

/** Carries the plan out; the node is ready when it resolves. */
export const killAndRestart = async (
  node: NodeRunner,
  plan: readonly PlannedKill[],
  triggers: Triggers,
): Promise<readonly Kill[]> => {
  const kills: Kill[] = [];
  for (const planned of plan) {
    const at = await killAtMoment(node, planned, triggers);
    const goneAfterMs = await node.gone();
    kills.push({ target: planned.target, trigger: planned.trigger, at, goneAfterMs });
    node.spawn();
  }
  await node.ready();
  return kills;
};
