// Hosts on one link: network namespaces on a bridge, each with an interface `eth0`, an IPv4 and an IPv6 address. Needs root.

import { run, type RunOptions, type RunResult, type TestScope } from './peers.js';

export const linkNeeds = ['root', 'ip'] as const;

export interface LinkHost {
  /** What a command line begins with that runs on it, as the same process. */
  readonly enter: readonly string[];
  readonly address: string;
  readonly address6: string;
  run(command: string, args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Runs `ip` on it; throws when that fails. */
  ip(...args: readonly string[]): Promise<void>;
}

const ip = async (...args: readonly string[]): Promise<void> => {
  const { status, stderr } = await run('ip', args);
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
};

let links = 0;

/** The hosts have 10.77.0.1, fd77::1 and so on, with networks of 24 and 64 bits. */
export const startLink = async (t: TestScope, count: number): Promise<readonly LinkHost[]> => {
  links += 1;
  const link = `pl-${process.pid}-${links}`;
  const addNamespace = async (name: string): Promise<void> => {
    await ip('netns', 'add', name);
    t.teardown(() => ip('netns', 'delete', name));
    await ip('-n', name, 'link', 'set', 'lo', 'up');
  };
  const bridge = `${link}-link`;
  await addNamespace(bridge);
  await ip('-n', bridge, 'link', 'add', 'br0', 'type', 'bridge', 'mcast_snooping', '0');
  await ip('-n', bridge, 'link', 'set', 'br0', 'up');
  const hosts: LinkHost[] = [];
  for (let number = 1; number <= count; number += 1) {
    const name = `${link}-${number}`;
    await addNamespace(name);
    await ip('-n', bridge, 'link', 'add', `port${number}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
    await ip('-n', bridge, 'link', 'set', `port${number}`, 'master', 'br0', 'up');
    const [address, address6] = [`10.77.0.${number}`, `fd77::${number}`];
    await ip('-n', name, 'address', 'add', `${address}/24`, 'dev', 'eth0');
    await ip('-n', name, 'address', 'add', `${address6}/64`, 'dev', 'eth0', 'nodad');
    await ip('-n', name, 'link', 'set', 'eth0', 'up');
    const enter = ['ip', 'netns', 'exec', name];
    hosts.push({
      enter,
      address,
      address6,
      run: (command, args, options) => run('ip', [...enter.slice(1), command, ...args], options),
      ip: (...args) => ip('-n', name, ...args),
    });
  }
  return hosts;
};
