// A network of its own, with loopback alone: every TCP port of it is free, whatever else runs on this machine. Needs root.

import { randomUUID } from 'node:crypto';
import { run, type RunOptions, type RunResult, type TestScope } from './peers.js';

export const networkNamespaceNeeds = ['root', 'ip'] as const;

export interface NetworkNamespace {
  /** What a command line begins with that runs in it, as the same process. */
  readonly enter: readonly string[];
  /** Of the processes that run in it. */
  pids(): Promise<readonly number[]>;
  run(command: string, args: readonly string[], options?: RunOptions): Promise<RunResult>;
}

export const startNetworkNamespace = async (t: TestScope): Promise<NetworkNamespace> => {
  const name = `platen-${randomUUID().slice(0, 8)}`;
  const ip = async (...args: readonly string[]): Promise<void> => {
    const { status, stderr } = await run('ip', args);
    if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
  };
  await ip('netns', 'add', name);
  t.teardown(() => ip('netns', 'delete', name));
  await ip('-n', name, 'link', 'set', 'lo', 'up');
  return {
    enter: ['ip', 'netns', 'exec', name],
    pids: async () => (await run('ip', ['netns', 'pids', name])).stdout.split('\n').filter(Boolean).map(Number),
    run: (command, args, options) => run('ip', ['netns', 'exec', name, command, ...args], options),
  };
};
