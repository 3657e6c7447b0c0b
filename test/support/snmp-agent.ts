// An SNMP agent over printers that a test changes, and an independent manager's session to ask it with.

import { createSession, Version1, Version2c, type Session, type Varbind } from 'net-snmp';
import type { Test } from 'tap';
import { silentLog } from '../../lib/platform/log.js';
import type { AgentPrinter } from '../../lib/status/printer-objects.js';
import { SnmpAgent, type SnmpAgentOptions } from '../../lib/status/snmp-agent.js';
import { FakeClock } from './fake-clock.js';

export const printer = (name: string, more: Partial<AgentPrinter> = {}): AgentPrinter => ({
  key: `uuid-of-${name}`,
  name,
  description: `the ${name} printer`,
  state: 'idle',
  reasons: [],
  configChanges: 1,
  errors: 0,
  ...more,
});

export interface TestAgent {
  readonly agent: SnmpAgent;
  readonly clock: FakeClock;
  readonly port: number;
  /** What `rows()` answers from now on. */
  show(printers: readonly AgentPrinter[]): Promise<void>;
}

export const startAgent = async (
  t: Test,
  printers: readonly AgentPrinter[],
  options: Partial<SnmpAgentOptions> = {},
): Promise<TestAgent> => {
  const clock = new FakeClock();
  let shown = printers;
  const agent = new SnmpAgent({
    address: '127.0.0.1',
    port: 0,
    community: 'public',
    allowFrom: ['127.0.0.0/8'],
    system: { name: 'sales', description: 'Platen print server' },
    clock,
    log: silentLog,
    rows: () => shown,
    ...options,
  });
  const { port } = await agent.listen();
  t.teardown(() => agent.close());
  const show = async (next: readonly AgentPrinter[]): Promise<void> => {
    shown = next;
    await clock.advance(100);
  };
  return { agent, clock, port, show };
};

export const openSession = (
  t: Test,
  {
    port,
    host = '127.0.0.1',
    community = 'public',
    version = 'v2c',
  }: { port: number; host?: string; community?: string; version?: 'v1' | 'v2c' },
): Session => {
  const session = createSession(host, community, {
    transport: host.includes(':') ? 'udp6' : 'udp4',
    version: version === 'v1' ? Version1 : Version2c,
    port,
    retries: 0,
    timeout: 1_000,
  });
  t.teardown(() => session.close());
  return session;
};

/** Rejects with net-snmp's error. */
export const get = (session: Session, ...oids: string[]): Promise<Varbind[]> =>
  new Promise((resolve, reject) => {
    session.get(oids, (error, varbinds) => (error ? reject(error) : resolve(varbinds ?? [])));
  });

/** Name and value of all below `oid`. */
export const walk = (session: Session, oid: string): Promise<Map<string, Varbind['value']>> =>
  new Promise((resolve, reject) => {
    const seen = new Map<string, Varbind['value']>();
    session.subtree(
      oid,
      (varbinds) => {
        for (const varbind of varbinds) seen.set(varbind.oid, varbind.value);
      },
      (error) => (error ? reject(error) : resolve(seen)),
    );
  });
