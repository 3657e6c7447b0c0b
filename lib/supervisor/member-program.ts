// Starts an etcd member as a process that outlives this one, with its log in a file of bounded size.

import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, closeSync, openSync, statSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { environmentWith } from '../config.js';

const longestLog = 16 * 1024 * 1024;

/** Where a program is, as execvp(3) looks for it. */
const findProgram = (name: string, searchPath: string): string | undefined => {
  const candidates = name.includes('/') ? [name] : searchPath.split(':').map((folder) => path.join(folder, name));
  return candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return statSync(file).isFile();
    } catch {
      return false;
    }
  });
};

/** Throws an Error that says how to get it when it is missing. */
export const memberProgram = (name: string): string => {
  const found = findProgram(name, environmentWith({})['PATH'] ?? '/usr/bin:/bin');
  if (found !== undefined) return found;
  if (name.includes('/')) throw new Error(`${name} is no program`);
  throw new Error(`${name} is not on PATH: on Debian, apt-get install etcd-server`);
};

/** Its disk accesses come before those of others, as far as that needs no rights; with none of its descriptors in this process. */
export const startMember = (file: string, args: readonly string[], logFile: string): ChildProcess => {
  const ionice = findProgram('ionice', '/usr/bin:/bin');
  const [program, ...before] = ionice === undefined ? [file] : [ionice, '-c', '2', '-n', '0', file];
  // Not a pipe: writing to one whose reader died would end the member.
  const log = openSync(logFile, 'a', 0o600);
  try {
    return spawn(program ?? file, [...before, ...args], { stdio: ['ignore', log, log], detached: true });
  } finally {
    closeSync(log);
  }
};

/** The log begins anew when it has grown too long: it is opened for appending, so the member goes on at its start. */
export const boundLog = (logFile: string): void => {
  try {
    if (statSync(logFile).size > longestLog) truncateSync(logFile);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
};
