// Who may call a route. Every route says it, or is not registered; what is not said to be open needs the token (R50, R51).

import type { FastifyRequest, RouteOptions } from 'fastify';
import { PlatenError } from '../errors.js';
import type { NodeWays } from '../platform/node-ways.js';
import { tokenCheck } from '../platform/token.js';

export const policies = ['open', 'token'] as const;
export type Policy = (typeof policies)[number];

declare module 'fastify' {
  interface FastifyContextConfig {
    policy?: Policy;
    /** The handler reads the body itself, and asks for it (100 Continue) when it wants it. */
    readsBody?: boolean;
    /** It is about the printers or jobs of a group: whoever owns the group answers it. */
    forGroup?: boolean;
  }
  interface FastifyRequest {
    /** The node that passed the request on; undefined when it came from an operator. */
    forwardedBy: string | undefined;
    /** Where the operator's request came from. */
    clientAddress: string;
  }
}

/** Throws for a route that declares no policy: the server does not start then. */
export const assertPolicy = ({ method, url, config }: RouteOptions): Policy => {
  const policy = policies.find((known) => known === config?.policy);
  if (policy === undefined) throw new Error(`the route ${String(method)} ${url} declares no policy`);
  return policy;
};

/** What a node says when it passes a request on; believed only beside the cluster's secret. */
export const forwardHeaders = { node: 'x-platen-forwarded-by', client: 'x-platen-client' } as const;

const headerOf = ({ headers }: FastifyRequest, name: string): string | undefined => {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

const bearerToken = (authorization: string | undefined): string => {
  if (authorization === undefined) throw new PlatenError('not-authenticated', 'the request carries no token');
  const token = /^Bearer +([\x21-\x7e]{1,512})$/i.exec(authorization)?.[1];
  if (token === undefined) throw new PlatenError('not-authenticated', 'Authorization is not "Bearer <token>"');
  return token;
};

/**
 * Lets a request to an open route or with the right token pass; an address of nobody's counts (R56). Nodes show the cluster's secret, and prove
 * who they are.
 */
export const authorize = (token: string, cluster: { readonly secret: string; readonly ways: NodeWays } | undefined) => {
  const isToken = tokenCheck(token);
  const isSecret = cluster && tokenCheck(cluster.secret);
  return async (request: FastifyRequest): Promise<void> => {
    request.clientAddress = request.ip;
    if (request.routeOptions.config.policy === 'open') return;
    const by = headerOf(request, forwardHeaders.node);
    const isForwarded = by !== undefined && isSecret !== undefined;
    const isRight = isForwarded ? isSecret : isToken;
    if (!isRight(bearerToken(request.headers.authorization))) throw new PlatenError('not-authenticated');
    if (!isForwarded) return;
    if (cluster?.ways.isFrom(request.raw.socket, by) !== true)
      throw new PlatenError('not-authenticated', `the request does not come from node ${JSON.stringify(by)}`);
    request.forwardedBy = by;
    request.clientAddress = headerOf(request, forwardHeaders.client) ?? request.ip;
  };
};

/** A browser's page of another origin changes nothing here (R84). */
export const refuseOtherOrigins = async (request: FastifyRequest): Promise<void> => {
  if (request.method === 'GET' || request.method === 'HEAD') return;
  const site = request.headers['sec-fetch-site'];
  const { origin, host } = request.headers;
  const isOther =
    (site !== undefined && site !== 'same-origin' && site !== 'none') ||
    (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`);
  if (isOther) throw new PlatenError('not-authorized', 'requests of other origins change nothing here');
};
