// What the REST API is made from.

import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import type { EventLog } from '../queue/events.js';
import type { VirtualServer } from '../queue/virtual-server.js';
import type { ClusterFace } from './cluster-face.js';

/** What the node knows of itself just now. */
export interface NodeStatus {
  readonly spool: {
    readonly bytes: number;
    readonly documents: number;
    /** False while the documents are being counted after a start. */
    readonly complete: boolean;
    /** Octets free on its disk, the reserve included. */
    readonly freeBytes: number;
    readonly reserveBytes: number;
  };
}

export interface AdminLimits {
  readonly maxConnections: number;
  readonly headerTimeMs: number;
  readonly headerBytes: number;
  readonly idleTimeMs: number;
  readonly maxDocumentBytes: number;
}

export interface AdminParts {
  /** Looked at anew for each request: in a cluster groups come and go. */
  readonly servers: readonly VirtualServer[];
  /** Absent: this node is alone. */
  readonly cluster?: ClusterFace;
  readonly events: EventLog;
  readonly token: string;
  readonly node: {
    readonly name: string;
    readonly version: string;
    /** Wall clock, ms since 1970. */
    readonly startedAt: number;
  };
  readonly nodeStatus: () => Promise<NodeStatus>;
  /** Names that clients may call this listener by, beside its address. */
  readonly names: readonly string[];
  readonly limits: AdminLimits;
  readonly log: Log;
  readonly clock: Clock;
}

export type AdminApp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;
