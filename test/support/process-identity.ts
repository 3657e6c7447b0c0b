// A process as a pid and the time of its start: the kernel gives a pid again when its process is gone.

import { readFileSync } from 'node:fs';

export interface ProcessIdentity {
  readonly pid: number;
  /** Ticks since the machine started (proc(5), stat, field 22). */
  readonly started: string;
}

const statOf = (pid: number): { readonly state: string; readonly started: string } | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name before it, in brackets, may hold anything; the state is field 3.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', started: fields[19] ?? '' };
  } catch {
    return undefined;
  }
};

/** The process that has this pid now, a zombie included. */
export const identify = (pid: number): ProcessIdentity | undefined => {
  const stat = statOf(pid);
  return stat && { pid, started: stat.started };
};

export const isAlive = ({ pid, started }: ProcessIdentity): boolean => {
  const stat = statOf(pid);
  // A zombie waits for its parent only: it holds nothing any more.
  return stat !== undefined && stat.started === started && stat.state !== 'Z' && stat.state !== 'X';
};

/** Sends the signal to that process, and to no other that has its pid now. */
export const signalProcess = (identity: ProcessIdentity, signal: NodeJS.Signals): void => {
  try {
    if (isAlive(identity)) process.kill(identity.pid, signal);
  } catch {
    // It is gone.
  }
};
