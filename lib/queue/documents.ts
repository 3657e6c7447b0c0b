// What the queue asks of the spool: documents that are durable on as many nodes as they must be (DESIGN section 6).

import type { StoredDocument } from '../model/document.js';
import type { DocumentKey } from '../spool/layout.js';
import type { ReclaimCounts, ReclaimRequest } from '../spool/reclaim.js';

/** What a job's record keeps of a document that was received. */
export type ReceivedDocument = Pick<StoredDocument, 'epoch' | 'length' | 'sha256' | 'holders'>;

export interface ReceiveOptions {
  /** The announced length; a document of any other is refused. */
  readonly expectedBytes?: number;
  readonly signal?: AbortSignal;
}

/** A job of a group, accepted at that epoch. */
export interface AcceptedJob {
  readonly group: string;
  readonly epoch: number;
  readonly job: number;
}

/** What nodes that hold a job's documents know of its client: soft state, for the owner that comes next (resend.ts). */
export interface Unheard {
  /** This node has put the job on record; its client may not have heard of it. */
  accepted(job: AcceptedJob): void;
  /** Its client has gone on: these nodes are told at once, and nobody waits for it. */
  heard(job: AcceptedJob, holders: readonly string[]): void;
  /**
   * Jobs of that epoch, by node, whose clients are not known there to have gone on, with the own monotonic time at which their documents came
   * in. Nodes that do not answer within that time are missing.
   */
  known(group: string, epoch: number, withinMs: number): Promise<ReadonlyMap<string, ReadonlyMap<number, number>>>;
}

export interface Documents {
  /** Makes ready for documents of this epoch, which this node owns. */
  openEpoch(group: string, epoch: number): Promise<void>;
  /** Throws the reason for which no document of that length is taken now; to be asked before a body is read (R7). */
  admit(expectedBytes?: number): Promise<void>;
  /**
   * Takes one document; resolves when it is durable on enough nodes (P1). On any error, and when the signal aborts, nothing is left, or
   * what could not be told is reclaimed later. Throws as Spool.receive does, and `too-few-copies`.
   */
  receive(key: DocumentKey, source: AsyncIterable<Uint8Array>, options?: ReceiveOptions): Promise<ReceivedDocument>;
  /** True when the record lists a copy on this node. */
  isHere(document: StoredDocument): boolean;
  /** True when this node itself received it, or verified it, at this epoch. */
  isOfEpoch(document: StoredDocument, epoch: number): boolean;
  /** The octets of the copy here. Throws `document-damaged` when it is missing or not what was received. */
  read(group: string, document: StoredDocument): AsyncIterable<Uint8Array>;
  /** Deletes all copies: the one here before this resolves, others as soon as they can be told. */
  remove(group: string, document: StoredDocument): Promise<void>;
  /** Sweeps what lies here for the group. */
  reclaim(request: ReclaimRequest): Promise<ReclaimCounts>;
  /** What can be done about copies that are missing; undefined on a node that is alone. */
  readonly replication?: Replication;
  /** Undefined on a node that is alone: what it knew dies with it. */
  readonly unheard?: Unheard;
}

/** Copies beyond those that were made when the document came in. Each of these resolves with the document as its record should list it. */
export interface Replication {
  readonly carePolicy: {
    /** Copies on nodes that are lost are made again after this. */
    readonly repairAfterMs: number;
    /** Every copy of every unfinished job is read through so often. */
    readonly scrubEveryMs: number;
  };
  /**
   * Gets the document here from another node that has it; a copy here that is on record was found to be bad and goes to quarantine. Throws
   * `document-damaged`, which names the nodes that should have it, when no live node gives it.
   */
  fetch(key: DocumentKey, document: StoredDocument, signal: AbortSignal): Promise<StoredDocument>;
  /** `never-made`: on fewer nodes than it should be since it came in; `lost`: nodes that have it are dead. */
  lacks(group: string, document: StoredDocument): 'nothing' | 'never-made' | 'lost';
  /** Makes the copies that are lacking, as many as can be made now. */
  replicate(key: DocumentKey, document: StoredDocument, signal: AbortSignal): Promise<StoredDocument>;
  /** Reads every copy through, wherever it is; bad ones are no longer listed. */
  scrub(group: string, document: StoredDocument, signal: AbortSignal): Promise<StoredDocument>;
  /** Deletes the copies that `after` lists and `before` does not: they could not be put on record. */
  forget(group: string, before: StoredDocument, after: StoredDocument): Promise<void>;
  /** The listener is called when nodes come, go or are fenced; the function returned takes it off. */
  onPeersChange(listener: () => void): () => void;
}
