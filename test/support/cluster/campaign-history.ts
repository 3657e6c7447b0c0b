// What happened in one run of the fault campaign, as data. Clients, printers, nodes, the store and kernels each tell their own part, on one wall
// clock (ms since 1970); the checker needs nothing else, so that a stored history can be judged again.

import type { History, JobAtEnd, Print } from '../campaign/history.js';
import type { ClusterHistory } from './check-cluster.js';

/** A fault of REQUIREMENTS.md, and when it stood. */
export interface FaultRecord {
  /** `F14`. */
  readonly id: string;
  readonly variant?: string;
  readonly from: number;
  /** Absent: nothing was to be healed. */
  readonly healed?: number;
  /** Nodes that it hit. */
  readonly nodes: readonly string[];
}

/** One connection to a printer, with whom it came from. */
export interface DevicePrint extends Print {
  readonly sourceAddress: string;
  readonly sourcePort: number;
}

/** An attempt as its node put it on record. */
export interface AttemptAtEnd {
  readonly node: string;
  readonly epoch: number;
  readonly startedAt: number;
  readonly sourcePort?: number;
  readonly result?: string;
  readonly evidence: string;
}

export interface CampaignJob extends Omit<JobAtEnd, 'attempts'> {
  readonly group: string;
  readonly priority: number;
  readonly acceptedAt: number;
  readonly attempts: readonly AttemptAtEnd[];
  /** Resends that it answers for. */
  readonly resends: number;
}

/** One line of a kernel's own log of its addresses. */
export interface AddressChange {
  readonly host: string;
  readonly address: string;
  readonly change: 'added' | 'deleted';
  readonly at: number;
}

/** An ARP answer or announcement on the link. */
export interface ArpSeen {
  readonly address: string;
  readonly hardware: string;
  readonly at: number;
}

/** A document as it lies on a node's disk when everything has settled. */
export interface Copy {
  readonly node: string;
  readonly group: string;
  readonly job: number;
  readonly number: number;
  readonly sha256: string;
}

export interface CampaignHistory extends Omit<History, 'prints' | 'end' | 'spooled' | 'kills' | 'quarantined'> {
  readonly faults: readonly FaultRecord[];
  /** Lives that ended, deadlines that passed, cut-offs: each may cost a job that was being sent one attempt more. */
  readonly interruptions: readonly { readonly node: string; readonly at: number }[];
  readonly cluster: ClusterHistory;
  readonly prints: readonly DevicePrint[];
  readonly end: readonly CampaignJob[];
  /** Group → its floating addresses. */
  readonly floating: Readonly<Record<string, readonly string[]>>;
  /** Empty on loopback, where kernels log nothing of use. */
  readonly addresses: readonly AddressChange[];
  readonly arp: readonly ArpSeen[];
  readonly copies: readonly Copy[];
  /** Copies that each unfinished document must have at the end, on nodes that are alive. */
  readonly wantedCopies: number;
  /** After each fault, or its healing where nobody can accept before: when the first new job was accepted, and the limit. */
  readonly recoveries: readonly { readonly fault: string; readonly ms: number; readonly limitMs: number }[];
  /** From the last healing until no job was unfinished. */
  readonly settledMs: number;
}
