// A cluster on hosts of their own: two nodes, a member of etcd, a client and a printer, each with its own addresses. A group's addresses are real.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { until } from '../support/etcd.js';
import { dev, hostNeeds, startHosts, type Host } from '../support/hosts.js';
import { skipWithout } from '../support/peers.js';
import { temporaryDirectory } from '../support/temporary.js';

const [four, six] = ['10.77.0.100', 'fd77::100'];
const bin = (name: string): string => path.join(import.meta.dirname, '../../bin', name);
const support = (name: string): string => path.join(import.meta.dirname, '../support', name);

const holds = async (host: Host, address: string): Promise<boolean> =>
  (await host.run('ip', 'address', 'show', 'to', address)).stdout !== '';

const startLab = async (t: Test) => {
  const hosts = await startHosts(t, 'a', 'b', 'store', 'client', 'printer');
  const { a, b, store, printer } = hosts;
  const directory = await temporaryDirectory(t);
  const endpoint = `http://${store.four}:2379`;
  const urls = ['--listen-client-urls', endpoint, '--advertise-client-urls', endpoint, '--unsafe-no-fsync'];
  const member = [
    '--data-dir',
    path.join(directory, 'etcd'),
    '--heartbeat-interval',
    '50',
    '--election-timeout',
    '250',
  ];
  store.start('etcd', ...member, ...urls, '--log-level', 'error');
  const paper = path.join(directory, 'paper');
  const device = ['--host', printer.four, '--directory', paper, '--one-at-a-time', '--bytes-per-second', '400000'];
  const printed = printer.watch(process.execPath, support('printer-emulator-main.js'), ...device);
  const stateOf = (host: Host): string => path.join(directory, host.name);
  for (const host of [a, b]) {
    mkdirSync(stateOf(host));
    const config = path.join(directory, `${host.name}.yaml`);
    const cluster = { endpoints: [endpoint], insecure: true, address: host.four, backEnd: 'linux', interface: dev };
    const admin = { address: host.four };
    writeFileSync(config, JSON.stringify({ stateDirectory: stateOf(host), node: { name: host.name }, admin, cluster }));
    const said = host.watch(process.execPath, bin('platend.js'), '--config', config);
    await until(
      async () => said.includes('ready'),
      () => `${host.name} is ready: ${said.join('\n')}`,
    );
  }
  const platenAt = async (host: Host, ...args: readonly string[]): Promise<string> => {
    const own = ['--state', stateOf(host), '--url', `http://${host.four}:8630`];
    const { status, stdout, stderr } = await host.run(process.execPath, bin('platen.js'), ...own, ...args);
    if (status !== 0) throw new Error(`platen ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  const addresses = ['--address', four, '--address', six];
  await platenAt(a, 'group', 'create', 'sales', ...addresses, '--name', 'sales.example', '--preferred', 'b,a');
  await until(
    async () => holds(b, six),
    () => 'b has the addresses',
  );
  await until(
    async () =>
      platenAt(b, '--group', 'sales', 'printer', 'add', 'laser', '--device', `socket://${printer.four}:9100`).then(
        () => true,
        () => false,
      ),
    () => 'the printer is made',
  );
  return { ...hosts, directory, platenAt, printed };
};

t.test('a cluster on hosts', skipWithout(...hostNeeds, 'etcd', 'lp'), async (t: Test) => {
  t.test(
    'the owner’s host dies while it prints: the addresses come to the other one, and the document again',
    async (t) => {
      const { a, b, client, directory, printed, platenAt } = await startLab(t);
      const file = path.join(directory, 'document');
      const octets = 1_500_000;
      writeFileSync(file, Buffer.alloc(octets, 'x'));
      t.match(await client.run('lp', '-h', four, '-d', 'laser', file), { status: 0 });
      await until(
        async () => (await b.run('ss', '-tn')).stdout.includes(':9100'),
        () => 'it is being sent',
      );
      t.match(
        (await b.run('ss', '-tnH', 'dport', '=', ':9100')).stdout,
        new RegExp(`${four}:`),
        'from the group’s address',
      );
      await b.setLink('down');
      await b.signalAll('SIGKILL');
      const diedAt = performance.now();
      await until(
        async () => (await client.run('lpstat', '-h', four, '-a')).status === 0,
        () => 'the other one answers',
      );
      t.comment(`answers after ${Math.round(performance.now() - diedAt)} ms`);
      t.match((await client.run('lpstat', '-h', `[${six}]:631`, '-a')).stdout, /laser/);
      await until(
        async () => printed.some((line) => line.includes(`"length":${octets},"whole":true`)),
        () => printed.join('\n'),
      );
      t.match(await platenAt(a, 'history', 'sales'), /b\s+a\s+claimed/);
    },
  );

  t.test('a planned move is not noticed by clients that connect all the time: none is refused', async (t) => {
    const { a, b, client, platenAt } = await startLab(t);
    const watch = [four, six].map((address) =>
      client.watch(process.execPath, support('fresh-connects.js'), address, '3000'),
    );
    await until(
      async () => watch.every((lines) => lines.length > 0),
      () => 'clients connect',
    );
    await platenAt(b, 'group', 'move', 'sales', '--to', 'a');
    t.ok((await holds(a, four)) && (await holds(a, six)));
    t.notOk((await holds(b, four)) || (await holds(b, six)));
    await until(
      async () => watch.every((lines) => lines.length > 1),
      () => 'clients have ended',
    );
    for (const [, end = ''] of watch) {
      const { answered, failed, longestMs } = JSON.parse(end) as {
        answered: number;
        failed: string[];
        longestMs: number;
      };
      t.comment(`${answered} answered, longest gap ${longestMs} ms`);
      t.same(failed, []);
      t.ok(answered > 100);
    }
  });

  t.test(
    'supervisor and worker of the owner stand still, and go on: never has more than one host the address',
    async (t) => {
      const { a, b } = await startLab(t);
      const log = [a, b].map((host) => host.watch('ip', '-tshort', 'monitor', 'address'));
      await b.signalAll('SIGSTOP');
      await until(
        async () => holds(a, four),
        () => 'a has taken it',
      );
      await b.signalAll('SIGCONT');
      const [onA = [], onB = []] = log;
      const of = (lines: readonly string[]) =>
        lines
          .filter((line) => line.includes(` ${four}/`))
          .map((line) => ({
            at: Date.parse(`${/\[([^\]]+)\]/.exec(line)?.[1]}Z`),
            isDeleted: line.includes('Deleted'),
          }));
      await until(
        async () => of(onB).some(({ isDeleted }) => isDeleted),
        () => 'b has lost it',
      );
      const goneAt = of(onB).find(({ isDeleted }) => isDeleted)!.at;
      const cameAt = of(onA)[0]!.at;
      t.ok(goneAt < cameAt, `gone ${cameAt - goneAt} ms before it came`);
      t.ok(
        of(onB).every(({ at, isDeleted }) => isDeleted || at < cameAt),
        'b has never put it again',
      );
    },
  );
});
