// Other processes, known by pid and start time: a pid that the kernel has given away again is nobody we know.

import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { identityOf, isRunning, type ProcessIdentity, signalProcess } from '../../lib/platform/processes.js';

export type ProcessId = ProcessIdentity;

/** Undefined when there is none; one that waits for its parent only holds nothing any more and counts as gone. */
export const identify = (pid: number | undefined): ProcessId | undefined => {
  const id = pid === undefined ? undefined : identityOf(pid);
  return id !== undefined && isRunning(id) ? id : undefined;
};

export const isAlive = isRunning;

export const childrenOf = (pid: number): readonly number[] => {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
};

export const commandOf = ({ pid }: ProcessId): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
};

/** At once; nothing happens when it is gone. */
export const send = (id: ProcessId | undefined, signal: NodeJS.Signals): void => {
  if (id !== undefined) signalProcess(id, signal);
};

/** The letter of its state; undefined when it is gone (proc(5)). */
const stateOf = (pid: number, thread: string): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1');
    return stat.charAt(stat.lastIndexOf(')') + 2);
  } catch {
    return undefined;
  }
};

const threadsStandStill = (pid: number): boolean => {
  try {
    return readdirSync(`/proc/${pid}/task`).every((thread) => /^[TtZ]$/.test(stateOf(pid, thread) ?? 'T'));
  } catch {
    return true;
  }
};

/** Stops it; resolves when every thread of it stands still. */
export const freeze = async (id: ProcessId | undefined): Promise<void> => {
  if (id === undefined) return;
  send(id, 'SIGSTOP');
  const moves = (): boolean => isAlive(id) && !threadsStandStill(id.pid);
  while (moves()) await pause(1);
};

/** Resolves with those that are still there after `timeoutMs`. */
export const gone = async (ids: readonly ProcessId[], timeoutMs: number): Promise<readonly ProcessId[]> => {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const left = ids.filter(isAlive);
    if (left.length === 0 || performance.now() > deadline) return left;
    await pause(5);
  }
};

/** All that were started with this word in their environment, those that they started included. */
export const bearing = (word: string): readonly ProcessId[] =>
  readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
    try {
      if (!readFileSync(`/proc/${name}/environ`, 'latin1').split('\0').includes(word)) return [];
    } catch {
      return [];
    }
    return identify(Number(name)) ?? [];
  });
