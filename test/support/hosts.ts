// Two hosts on one link: network namespaces of their own, joined by a cable, each with an IPv4 and an IPv6 address. Needs root.

import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { run, type RunResult, type TestScope, which } from './peers.js';

export const hostNeeds = ['root', 'ip', 'nft', 'arping', 'perl'] as const;

export interface Host {
  readonly four: string;
  readonly six: string;
  readonly hardware: string;
  /** Runs a program there to its end. */
  run(command: string, ...args: readonly string[]): Promise<RunResult>;
  /** Keeps a program up there until the scope ends. */
  start(command: string, ...args: readonly string[]): ChildProcess;
  /** The same; what it prints, line by line, as it comes. */
  watch(command: string, ...args: readonly string[]): string[];
}

export const dev = 'eth0';

let count = 0;

const must = async (command: string, ...args: readonly string[]): Promise<string> => {
  const { status, stdout, stderr } = await run(command, args);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  return stdout;
};

const hostIn = async (t: TestScope, space: string, number: number): Promise<Host> => {
  const [four, six] = [`10.77.0.${number}`, `fd77::${number}`];
  await must('ip', '-n', space, 'link', 'set', 'lo', 'up');
  await must('ip', '-n', space, 'link', 'set', dev, 'up');
  await must('ip', '-n', space, 'address', 'add', `${four}/24`, 'dev', dev);
  await must('ip', '-n', space, 'address', 'add', `${six}/64`, 'dev', dev, 'nodad');
  const links = JSON.parse(await must('ip', '-n', space, '-json', 'link', 'show', dev)) as { address: string }[];
  const start = (command: string, ...args: readonly string[]): ChildProcess => {
    const file = command.startsWith('/') ? command : (which(command) ?? command);
    const child = spawn('ip', ['netns', 'exec', space, file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    t.teardown(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    });
    return child;
  };
  return {
    four,
    six,
    hardware: links[0]?.address ?? '',
    run: (command, ...args) => run('ip', ['netns', 'exec', space, command, ...args]),
    start,
    watch: (command, ...args) => {
      const lines: string[] = [];
      createInterface({ input: start(command, ...args).stdout! }).on('line', (line) => lines.push(line));
      return lines;
    },
  };
};

/** Resolves when both reach each other, over IPv6 as well. */
export const startHosts = async (t: TestScope): Promise<{ readonly a: Host; readonly b: Host }> => {
  count += 1;
  const spaces = ['a', 'b'].map((name) => `pl-${process.pid}-${count}${name}`);
  const [one = '', other = ''] = spaces;
  for (const space of spaces) {
    await must('ip', 'netns', 'add', space);
    t.teardown(() => must('ip', 'netns', 'delete', space));
    // No waiting for the kernel's own duplicate detection.
    await must('ip', 'netns', 'exec', space, 'sysctl', '-qw', 'net.ipv6.conf.default.accept_dad=0');
  }
  await must('ip', '-n', one, 'link', 'add', dev, 'type', 'veth', 'peer', 'name', dev, 'netns', other);
  return { a: await hostIn(t, one, 1), b: await hostIn(t, other, 2) };
};
