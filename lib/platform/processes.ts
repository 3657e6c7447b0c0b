// Processes as Linux shows them in /proc (proc(5)). A pid alone names nobody for long: the time of its start goes with it.

import { readdirSync, readFileSync } from 'node:fs';
import type { Clock } from './clock.js';

export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks since the machine's start, as text. */
  readonly startTime: string;
}

interface Stat extends ProcessIdentity {
  readonly session: number;
  /** Every thread of it has ended, and with them all that it held; it only waits to be reaped. */
  readonly isDead: boolean;
}

const pollMs = 5;
const remindAfterMs = 5_000;

const statOf = (pid: number): Stat | undefined => {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The name, in parentheses, may hold anything; field 3 (the state) follows it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): string => fields[number - 3] ?? '';
  // A leader that has ended shows as a zombie while other threads still hold the files.
  const isDead = /^[ZX]/.test(field(3)) && Number(field(20)) <= 1;
  return { pid, startTime: field(22), session: Number(field(6)), isDead };
};

/** Undefined when there is no such process. */
export const identityOf = (pid: number): ProcessIdentity | undefined => {
  const stat = statOf(pid);
  return stat && { pid, startTime: stat.startTime };
};

/** Stopped processes count as running. */
export const isRunning = ({ pid, startTime }: ProcessIdentity): boolean => {
  const stat = statOf(pid);
  return stat !== undefined && stat.startTime === startTime && !stat.isDead;
};

/** What runs in the session that this process leads or has led. */
export const sessionOf = (leader: ProcessIdentity): readonly ProcessIdentity[] => {
  const present = statOf(leader.pid);
  // The number belongs to someone else by now: while a session has members, its leader's is not given out again.
  if (present !== undefined && present.startTime !== leader.startTime) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statOf(Number(name)))
    .filter((stat) => stat !== undefined)
    .filter(({ session, isDead }) => session === leader.pid && !isDead);
};

/** False when it has ended. */
export const signalProcess = (target: ProcessIdentity, signal: NodeJS.Signals): boolean => {
  if (!isRunning(target)) return false;
  try {
    return process.kill(target.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
};

/** Kills all that `find` finds, again and again until it finds nothing; `onSlow` is told of what does not die. Throws when it may not be killed. */
export const killAll = async (
  find: () => readonly ProcessIdentity[],
  { clock, onSlow }: { readonly clock: Clock; readonly onSlow: (left: readonly ProcessIdentity[]) => void },
): Promise<void> => {
  let remindAt = clock.monotonic() + remindAfterMs;
  for (let left = find(); left.length > 0; left = find()) {
    for (const one of left) signalProcess(one, 'SIGKILL');
    await clock.sleep(pollMs);
    if (clock.monotonic() < remindAt) continue;
    onSlow(left);
    remindAt = clock.monotonic() + remindAfterMs;
  }
};

/** A process with all of its session. */
export const withSession = (leader: ProcessIdentity): readonly ProcessIdentity[] => [
  ...(isRunning(leader) ? [leader] : []),
  ...sessionOf(leader).filter(({ pid }) => pid !== leader.pid),
];

/** Differs after each start of the machine. */
export const machineStart = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
