// A real admin server on a real print spooler, with the requests that its tests make.

import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import type { AdminParts } from '../../lib/admin/admin-parts.js';
import { AdminServer } from '../../lib/admin/admin-server.js';
import { systemClock } from '../../lib/platform/clock.js';
import { silentLog } from '../../lib/platform/log.js';
import { startTestSpooler, type TestSpooler, type TestSpoolerOptions } from './spooler.js';

export const testToken = 'k0oLb6x1y9Qd2nVw7sTz4RfGhJ3uMcEaP5iB8vXyZ0A';

export interface TestAdmin extends TestSpooler {
  readonly admin: AdminServer;
  /** One request with the token and the right Host. */
  readonly ask: (method: InjectOptions['method'], url: string, body?: object) => Promise<LightMyRequestResponse>;
}

interface Test {
  teardown(action: () => Promise<void>): unknown;
}

export const startTestAdmin = async (
  t: Test,
  { admin: changes = {}, ...options }: TestSpoolerOptions & { readonly admin?: Partial<AdminParts> } = {},
): Promise<TestAdmin> => {
  const spooler = await startTestSpooler(t, options);
  const clock = options.clock ?? systemClock;
  const admin = await AdminServer.create({
    servers: [spooler.server],
    events: spooler.events,
    token: testToken,
    node: { name: 'alpha', version: '0.1.0', startedAt: clock.wall() },
    nodeStatus: async () => ({ spool: { ...spooler.spool.usage(), freeBytes: 2 ** 40, reserveBytes: 2 ** 26 } }),
    names: [changes.node?.name ?? 'alpha', 'admin.example.org'],
    limits: {
      maxConnections: 100,
      headerTimeMs: 10_000,
      headerBytes: 16_384,
      idleTimeMs: 60_000,
      maxDocumentBytes: options.limits?.maxDocumentBytes ?? 2 ** 30,
    },
    log: options.log ?? silentLog,
    clock,
    ...changes,
  });
  t.teardown(() => admin.close());
  const ask: TestAdmin['ask'] = (method = 'GET', url, body) =>
    admin.inject({
      method,
      url,
      headers: { host: changes.node?.name ?? 'alpha', authorization: `Bearer ${testToken}` },
      ...(body === undefined ? {} : { payload: body }),
    });
  return { ...spooler, admin, ask };
};
