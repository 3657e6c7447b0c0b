// The REST API's listener, on the node's own address: who is heard, what is refused, and where each resource lives.

import type { AddressInfo } from 'node:net';
import { fastify, type HTTPMethods, type InjectOptions, type LightMyRequestResponse } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { PlatenError } from '../errors.js';
import type { AdminApp, AdminParts } from './admin-parts.js';
import { clusterRoutes } from './cluster-routes.js';
import { eventRoutes } from './event-routes.js';
import { groupRoutes } from './group-routes.js';
import { Groups } from './groups.js';
import { healthRoutes } from './health-routes.js';
import { checkHost } from './host-check.js';
import { jobRoutes } from './job-routes.js';
import { jobUpload } from './job-upload.js';
import { describeRoutes, openapiRoute } from './openapi.js';
import { assertPolicy, authorize, type Policy, refuseOtherOrigins } from './policy.js';
import { plainWays } from '../platform/node-ways.js';
import { printerRoutes } from './printer-routes.js';
import { answerProblem } from './problems.js';
import { resourceRoutes } from './resource-routes.js';
import { statusRoutes } from './status-routes.js';
import { toOwner } from './to-owner.js';

export interface AdminRoute {
  readonly method: HTTPMethods;
  readonly url: string;
  readonly policy: Policy;
}

const jsonBytes = 64 * 1_024;
const keepAliveMs = 72_000;

/** Operators come without a certificate, other nodes with theirs. */
const createApp = ({ limits, cluster }: AdminParts): AdminApp =>
  fastify({
    bodyLimit: jsonBytes,
    forceCloseConnections: true,
    serverFactory: (listener) => {
      const options = {
        headersTimeout: limits.headerTimeMs,
        connectionsCheckingInterval: Math.min(1_000, limits.headerTimeMs),
        maxHeaderSize: limits.headerBytes,
        keepAliveTimeout: keepAliveMs,
        // Uploads may take as long as they need, as long as something moves (R60).
        requestTimeout: 0,
      };
      const server = (cluster?.ways ?? plainWays).createServer(options, 'welcome', listener);
      return server.setTimeout(limits.idleTimeMs);
    },
  }).withTypeProvider<ZodTypeProvider>();

export class AdminServer {
  /** Every route, for lists and tests. */
  readonly routes: AdminRoute[] = [];
  readonly #app: AdminApp;
  readonly #parts: AdminParts;
  readonly #groups: Groups;

  private constructor(parts: AdminParts) {
    this.#parts = parts;
    this.#groups = new Groups(parts.servers);
    this.#app = createApp(parts);
  }

  static async create(parts: AdminParts): Promise<AdminServer> {
    const server = new AdminServer(parts);
    server.#guard();
    await server.#declare();
    await server.#app.ready();
    return server;
  }

  /** Resolves with the address listened on; port 0 stands for any free one. */
  async listen({ host, port }: { host: string; port: number }): Promise<AddressInfo> {
    await this.#app.listen({ host, port, listenTextResolver: () => '' });
    return this.#app.server.address() as AddressInfo;
  }

  /** Ends every connection; uploads in flight leave nothing. */
  async close(): Promise<void> {
    await this.#app.close();
  }

  /** One request without a network. */
  inject(request: InjectOptions): Promise<LightMyRequestResponse> {
    return this.#app.inject(request);
  }

  #guard(): void {
    const app = this.#app;
    const { log, token, names, limits, cluster } = this.#parts;
    app.server.maxConnections = limits.maxConnections;
    // Whether a body is wanted is decided after the checks, not by the HTTP parser.
    app.server.on('checkContinue', (request, response) => app.server.emit('request', request, response));
    app.setValidatorCompiler(validatorCompiler);
    app.setSerializerCompiler(serializerCompiler);
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('application/json', { parseAs: 'string' }, app.getDefaultJsonParser('error', 'error'));
    app.addHook('onRoute', (route) => {
      const policy = assertPolicy(route);
      for (const method of [route.method].flat()) this.routes.push({ method, url: route.url, policy });
    });
    app.addHook('onRequest', async (_request, reply) => {
      void reply.headers({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
    });
    app.decorateRequest('forwardedBy', undefined);
    app.decorateRequest('clientAddress', '');
    app.addHook('onRequest', checkHost(names));
    app.addHook('onRequest', authorize(token, cluster));
    app.addHook('onRequest', refuseOtherOrigins);
    if (cluster !== undefined) app.addHook('onRequest', toOwner(cluster, this.#groups, limits));
    app.addHook('preParsing', async (request, reply) => {
      const { readsBody } = request.routeOptions.config;
      if (request.headers.expect !== undefined && readsBody !== true) reply.raw.writeContinue();
    });
    // Acts of operators stay on record (R58).
    app.addHook('onResponse', async ({ method, clientAddress, routeOptions, params }, { statusCode }) => {
      if (method === 'GET' || method === 'HEAD') return;
      log.info(
        { method, route: routeOptions.url, params, client: clientAddress, status: statusCode },
        'operator request',
      );
    });
    app.setErrorHandler((error: Error, request, reply) => answerProblem(error, request, reply, log));
    app.setNotFoundHandler(async () => {
      throw new PlatenError('not-found');
    });
  }

  async #declare(): Promise<void> {
    const app = this.#app;
    const parts = this.#parts;
    const groups = this.#groups;
    await describeRoutes(app, parts);
    healthRoutes(app, groups);
    openapiRoute(app);
    statusRoutes(app, groups, parts);
    printerRoutes(app, groups);
    jobRoutes(app, groups);
    await app.register(async (upload) => jobUpload(upload.withTypeProvider<ZodTypeProvider>(), groups, parts));
    eventRoutes(app, parts);
    clusterRoutes(app, parts);
    groupRoutes(app, parts);
    resourceRoutes(app, parts);
  }
}
