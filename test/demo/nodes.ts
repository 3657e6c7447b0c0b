// The processes of the demonstration: three platends, each with a member of etcd, on free ports of loopback.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort, run, type RunResult } from '../support/peers.js';

const bin = (name: string): string => path.resolve(import.meta.dirname, '../../bin', name);
const readyWithinMs = 30_000;

export interface DemoNode {
  readonly name: string;
  readonly rest: number;
  readonly config: string;
  readonly state: string;
  readonly log: string;
  child: ChildProcess | undefined;
}

/** Writes the configuration of three nodes into the folder. */
export const prepareNodes = async (folder: string, devicePort: number): Promise<readonly DemoNode[]> => {
  const names = ['a', 'b', 'c'];
  const members = await Promise.all(
    names.map(async (name) => ({
      name,
      clientUrl: `http://127.0.0.1:${await freePort()}`,
      peerUrl: `http://127.0.0.1:${await freePort()}`,
    })),
  );
  const initialCluster = Object.fromEntries(members.map(({ name, peerUrl }) => [name, peerUrl]));
  const endpoints = members.map(({ clientUrl }) => clientUrl);
  return Promise.all(
    members.map(async ({ name, clientUrl, peerUrl }): Promise<DemoNode> => {
      const state = path.join(folder, name);
      const config = path.join(folder, `${name}.yaml`);
      const rest = await freePort();
      await mkdir(state);
      const document = {
        stateDirectory: state,
        node: { name },
        admin: { port: rest },
        devicePorts: [devicePort],
        cluster: { endpoints, port: await freePort(), member: { clientUrl, peerUrl, initialCluster } },
      };
      // JSON is YAML.
      await writeFile(config, JSON.stringify(document, null, 2));
      return { name, rest, config, state, log: path.join(folder, `${name}.log`), child: undefined };
    }),
  );
};

/** Resolves when the node says that it is ready. */
export const startNode = async (node: DemoNode): Promise<void> => {
  const log = openSync(node.log, 'a');
  const from = (await readFile(node.log, 'utf8')).length;
  const child = spawn(process.execPath, [bin('platend.js'), '--config', node.config], { stdio: ['ignore', log, log] });
  node.child = child;
  const deadline = performance.now() + readyWithinMs;
  while (!/^ready$/m.test((await readFile(node.log, 'utf8')).slice(from))) {
    if (child.exitCode !== null || performance.now() > deadline)
      throw new Error(`node ${node.name} did not come up; its log is ${node.log}`);
    await pause(50);
  }
};

/** As a machine that loses its power: supervisor, worker and member end without a word. */
export const killNode = async (node: DemoNode): Promise<void> => {
  const pid = node.child?.pid;
  if (node.child === undefined || pid === undefined) return;
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').map(Number);
  const ended = once(node.child, 'exit');
  for (const one of [pid, ...children]) process.kill(one, 'SIGKILL');
  await ended;
  node.child = undefined;
};

export const stopNode = async (node: DemoNode): Promise<void> => {
  const { child } = node;
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
};

const runPlaten = (node: DemoNode, line: string): Promise<RunResult> => {
  const where = ['--state', node.state, '--url', `http://127.0.0.1:${node.rest}`];
  return run(process.execPath, [bin('platen.js'), ...line.split(' '), ...where], { timeoutMs: 180_000 });
};

/** The operator's command line, spoken to this node; shows the command and what it says. */
export const platen = async (node: DemoNode, line: string): Promise<string> => {
  process.stdout.write(`\n$ platen ${line}    # asked of node ${node.name}\n`);
  const { status, stdout, stderr } = await runPlaten(node, line);
  process.stdout.write(`${stdout}${stderr}`);
  if (status !== 0) throw new Error(`platen ${line} ended with status ${status}`);
  return stdout;
};

/** What the command line says as JSON, without showing it. */
export const asked = async <T>(node: DemoNode, line: string): Promise<T> => {
  const { stdout, stderr, status } = await runPlaten(node, `${line} --json`);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as T;
};
