// For load balancers and whatever moves addresses: no token, no names, no figures.

import { z } from 'zod';
import type { AdminApp } from './admin-parts.js';
import { type Groups, onlineSpooler } from './groups.js';

export const healthRoutes = (app: AdminApp, groups: Groups): void => {
  app.get('/healthz', {
    config: { policy: 'open' },
    schema: { summary: 'Whether the node runs', response: { 200: z.object({ status: z.literal('ok') }) } },
    handler: async () => ({ status: 'ok' }) as const,
  });

  const owner = z.object({ online: z.boolean() });
  app.get('/owner/:group', {
    config: { policy: 'open' },
    schema: {
      summary: '200 when the group prints here, else 503',
      params: z.object({ group: z.string() }),
      response: { 200: owner, 503: owner },
    },
    handler: async ({ params }, reply) => {
      const server = groups.find(params.group);
      const online = server !== undefined && onlineSpooler(server).spooler !== undefined;
      return reply.status(online ? 200 : 503).send({ online });
    },
  });
};
