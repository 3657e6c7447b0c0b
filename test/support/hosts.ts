// Hosts on one link: network namespaces of their own on one bridge, each with an IPv4 and an IPv6 address. Needs root.

import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { run, type RunResult, type TestScope, which } from './peers.js';

export const hostNeeds = ['root', 'ip', 'nft', 'arping', 'perl'] as const;

export interface Host {
  readonly name: string;
  readonly four: string;
  readonly six: string;
  readonly hardware: string;
  /** Runs a program there to its end. */
  run(command: string, ...args: readonly string[]): Promise<RunResult>;
  /** Keeps a program up there until the scope ends. */
  start(command: string, ...args: readonly string[]): ChildProcess;
  /** The same; what it prints and complains of, line by line, as it comes. */
  watch(command: string, ...args: readonly string[]): string[];
  /** Sends it to every process there, but for `ip`, which may keep the kernel's log. */
  signalAll(signal: NodeJS.Signals): Promise<void>;
  /** Its cable. */
  setLink(state: 'up' | 'down'): Promise<void>;
}

export const dev = 'eth0';

let count = 0;

const must = async (command: string, ...args: readonly string[]): Promise<string> => {
  const { status, stdout, stderr } = await run(command, args);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  return stdout;
};

const signalAll = async (space: string, signal: NodeJS.Signals): Promise<void> => {
  for (const pid of (await must('ip', 'netns', 'pids', space)).split('\n').filter(Boolean))
    try {
      if (readFileSync(`/proc/${pid}/comm`, 'latin1').trim() !== 'ip') process.kill(Number(pid), signal);
    } catch {
      // It has ended meanwhile.
    }
};

const hostIn = async (
  t: TestScope,
  { name, space, number }: { readonly name: string; readonly space: string; readonly number: number },
): Promise<Host> => {
  const [four, six] = [`10.77.0.${number}`, `fd77::${number}`];
  await must('ip', '-n', space, 'link', 'set', 'lo', 'up');
  await must('ip', '-n', space, 'link', 'set', dev, 'up');
  await must('ip', '-n', space, 'address', 'add', `${four}/24`, 'dev', dev);
  await must('ip', '-n', space, 'address', 'add', `${six}/64`, 'dev', dev, 'nodad');
  const links = JSON.parse(await must('ip', '-n', space, '-json', 'link', 'show', dev)) as { address: string }[];
  const start = (command: string, ...args: readonly string[]): ChildProcess => {
    const file = command.startsWith('/') ? command : (which(command) ?? command);
    const child = spawn('ip', ['netns', 'exec', space, file, ...args], { stdio: 'pipe' });
    child.stderr.resume();
    t.teardown(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    });
    return child;
  };
  return {
    name,
    four,
    six,
    hardware: links[0]?.address ?? '',
    run: (command, ...args) => run('ip', ['netns', 'exec', space, command, ...args]),
    start,
    watch: (command, ...args) => {
      const lines: string[] = [];
      const { stdout, stderr } = start(command, ...args);
      for (const input of [stdout, stderr])
        if (input !== null) createInterface({ input }).on('line', (line) => lines.push(line));
      return lines;
    },
    signalAll: (signal) => signalAll(space, signal),
    setLink: async (state) => {
      await must('ip', '-n', space, 'link', 'set', dev, state);
    },
  };
};

const makeSpace = async (t: TestScope, space: string): Promise<void> => {
  await must('ip', 'netns', 'add', space);
  t.teardown(async () => {
    await signalAll(space, 'SIGKILL');
    await must('ip', 'netns', 'delete', space);
  });
  // No waiting for the kernel's own duplicate detection.
  await must('ip', 'netns', 'exec', space, 'sysctl', '-qw', 'net.ipv6.conf.default.accept_dad=0');
};

/** Name → host, with the addresses 10.77.0.N and fd77::N, N from 1. */
export const startHosts = async <Name extends string>(
  t: TestScope,
  ...names: readonly Name[]
): Promise<Readonly<Record<Name, Host>>> => {
  count += 1;
  const spaceOf = (name: string): string => `pl-${process.pid}-${count}${name}`;
  const bridge = spaceOf('-bridge');
  await makeSpace(t, bridge);
  await must('ip', '-n', bridge, 'link', 'add', 'bridge', 'type', 'bridge');
  await must('ip', '-n', bridge, 'link', 'set', 'bridge', 'up');
  const hosts: [Name, Host][] = [];
  for (const [index, name] of names.entries()) {
    const space = spaceOf(name);
    await makeSpace(t, space);
    await must('ip', '-n', space, 'link', 'add', dev, 'type', 'veth', 'peer', 'name', `to-${name}`, 'netns', bridge);
    await must('ip', '-n', bridge, 'link', 'set', 'dev', `to-${name}`, 'master', 'bridge', 'up');
    hosts.push([name, await hostIn(t, { name, space, number: index + 1 })]);
  }
  return Object.fromEntries(hosts) as Record<Name, Host>;
};
