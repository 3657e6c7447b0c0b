// The OpenAPI document of the API, made once from the routes' schemas.

import fastifySwagger from '@fastify/swagger';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import type { AdminApp, AdminParts } from './admin-parts.js';

/** To be called before the routes are declared. */
export const describeRoutes = async (app: AdminApp, { node }: AdminParts): Promise<void> => {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Platen', version: node.version, description: 'REST API of one node. Times are ms since 1970.' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
    transform: (route) => {
      const { schema, url } = jsonSchemaTransform(route);
      const isOpen = route.route.config?.policy === 'open';
      return { schema: { ...schema, security: isOpen ? [] : [{ token: [] }] }, url };
    },
  });
};

export const openapiRoute = (app: AdminApp): void => {
  let text: string | undefined;
  app.addHook('onReady', async () => {
    text = JSON.stringify(app.swagger());
  });
  app.get('/openapi.json', {
    config: { policy: 'open' },
    schema: { hide: true },
    handler: async (_request, reply) => reply.type('application/json; charset=utf-8').send(text),
  });
};
