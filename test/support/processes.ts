// Other processes, known by pid and start time: a pid that the kernel has given away again is nobody we know.

import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

export interface ProcessId {
  readonly pid: number;
  /** In ticks since the boot. */
  readonly startedAt: string;
}

/** What follows the name in /proc/<pid>/stat: state, parent, … (proc(5), from field 3). */
const fieldsOf = (file: string): readonly string[] | undefined => {
  try {
    const stat = readFileSync(file, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
};

/** Undefined when there is none; one that waits for its parent only holds nothing any more and counts as gone. */
export const identify = (pid: number | undefined): ProcessId | undefined => {
  const fields = pid === undefined ? undefined : fieldsOf(`/proc/${pid}/stat`);
  const [state = 'X'] = fields ?? [];
  return pid === undefined || state === 'Z' || state === 'X' ? undefined : { pid, startedAt: fields?.[19] ?? '' };
};

export const isAlive = ({ pid, startedAt }: ProcessId): boolean => identify(pid)?.startedAt === startedAt;

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
  if (id === undefined || !isAlive(id)) return;
  try {
    process.kill(id.pid, signal);
  } catch {
    // It is gone.
  }
};

const threadsStandStill = (pid: number): boolean => {
  try {
    return readdirSync(`/proc/${pid}/task`).every((thread) =>
      /^[TtZ]$/.test(fieldsOf(`/proc/${pid}/task/${thread}/stat`)?.[0] ?? 'T'),
    );
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
