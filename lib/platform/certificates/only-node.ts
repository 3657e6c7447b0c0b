// Whom a connection may reach: one node, whatever name or address it has (R91).

import type { PeerCertificate } from 'node:tls';
import { nodeOfNames } from '../../model/node-identity.js';
import { wrongNode } from './faults.js';

class WrongNode extends Error {
  readonly code = wrongNode;
}

/** For a connection that stands only when `node` is at its other end, whatever name or address it has. */
export const onlyNode = (node: string) => ({
  minVersion: 'TLSv1.3' as const,
  servername: '',
  checkServerIdentity: (_host: string, { subjectaltname }: PeerCertificate): Error | undefined => {
    const is = nodeOfNames(subjectaltname);
    return is === node
      ? undefined
      : new WrongNode(`its certificate is of ${is === undefined ? 'no node' : `node ${is}`}`);
  },
});
