// Connections between nodes with certificates on both sides (R91): whoever opens one says which node is meant, whoever is asked knows which
// node asks; TLS 1.3, no resumption, so that every connection is judged by its own certificates.

import { constants } from 'node:crypto';
import type { ServerOptions } from 'node:http';
import { createServer, request } from 'node:https';
import { TLSSocket } from 'node:tls';
import { nodeOfNames } from '../../model/node-identity.js';
import { type NodeWays, placeOf } from '../node-ways.js';
import type { CertificateNews, CredentialParts, Credentials } from './credentials.js';
import { certificateFault, wrongNode } from './faults.js';
import { onlyNode } from './only-node.js';
import { Refusals } from './refusals.js';
import { RenewedAgent } from './renewed-agent.js';
import { Standing } from './standing.js';

const handshakeTimeoutMs = 10_000;

export const tlsWays = (
  credentials: Credentials,
  { clock, log, news }: Pick<CredentialParts, 'clock' | 'log'> & { readonly news: CertificateNews },
): NodeWays => {
  const refusals = new Refusals({ clock, log, news });
  const standing = new Standing(credentials, clock);
  credentials.onChange(() => standing.review());

  const to: NodeWays['to'] = (node, keptMs) => {
    const agent = keptMs === undefined ? undefined : new RenewedAgent(credentials, keptMs);
    return {
      open: (address, options) => {
        const sent = request({
          ...options,
          ...placeOf(address, 'https', node),
          ...onlyNode(node),
          ...(agent?.options ?? { agent: false, secureContext: credentials.material.context }),
        });
        sent.on('error', (error: NodeJS.ErrnoException) => {
          const fault = error.code === wrongNode ? 'is of another node' : certificateFault(error.code);
          if (fault !== undefined) refusals.note({ who: `node ${node}`, where: address, fault, error });
        });
        return sent;
      },
      close: () => agent?.close(),
    };
  };

  const judge = (strangers: 'refused' | 'welcome') => (socket: TLSSocket) => {
    const certificate = socket.getPeerX509Certificate();
    const node = nodeOfNames(certificate?.subjectAltName);
    if (socket.authorized && certificate !== undefined && node !== undefined)
      return standing.add(socket, { node, certificate });
    if (certificate !== undefined || strangers === 'refused') {
      const code = String(socket.authorizationError);
      const fault =
        certificate === undefined
          ? 'is missing'
          : (certificateFault(code) ?? (socket.authorized ? 'names no node' : `was refused (${code})`));
      refusals.note({
        who: node === undefined ? 'a stranger' : `node ${node}`,
        where: socket.remoteAddress ?? '',
        fault,
      });
    }
    if (strangers === 'refused') socket.destroy();
  };

  return {
    scheme: 'https',
    to,
    createServer: (options: ServerOptions, strangers, listener) => {
      const server = createServer({ ...options, ...serverTls(credentials) }, listener);
      // Before HTTP hears of the connection.
      server.prependListener('secureConnection', judge(strangers));
      server.on('tlsClientError', (error, socket) =>
        log.debug({ err: error, address: socket.remoteAddress }, 'a connection of no node failed'),
      );
      const forget = credentials.onChange(() => server.setSecureContext(serverTls(credentials)));
      server.once('close', forget);
      return server;
    },
    isFrom: (socket, node) => socket instanceof TLSSocket && standing.nodeAt(socket) === node,
  };
};

const serverTls = ({ material }: Credentials) => ({
  ...material.texts,
  requestCert: true,
  // Judged by hand, so that a refusal can be told.
  rejectUnauthorized: false,
  secureOptions: constants.SSL_OP_NO_TICKET,
  handshakeTimeout: handshakeTimeoutMs,
});
