// A port: our way to a device. It carries one job there and reports how that ended; it takes no decision about the job.

import type { DeviceOptions } from '../model/printer.js';
import type { DeviceUri } from '../model/device-uri.js';
import type { Outcome } from '../model/outcome.js';

/** A document on its way out. `open` may be called once per copy. */
export interface OutgoingDocument {
  readonly name: string;
  /** MIME media type. */
  readonly format: string;
  /** Octets. */
  readonly length: number;
  open(): AsyncIterable<Uint8Array>;
}

export type Phase = 'connecting' | 'waiting' | 'sending' | 'stalled' | 'draining' | 'confirming';

export interface Progress {
  readonly phase: Phase;
  /** Octets of documents that the kernel has taken from us. */
  readonly written: number;
  /** Octets that the device has acknowledged, where that can be seen. */
  readonly drained: number;
  /** One sentence about a wait, else empty. */
  readonly detail: string;
}

/** One job to be carried to a device. */
export interface Delivery {
  readonly job: {
    readonly id: number;
    readonly uuid: string;
    readonly name: string;
    readonly user: string;
    /** Name that LPD's `H` line and file names give as the sending host: the virtual server's, never a node's (P8). */
    readonly host: string;
  };
  readonly documents: readonly OutgoingDocument[];
  /** The whole sequence of documents is sent this many times. */
  readonly copies: number;
  /** Aborts when the job is canceled or cut off: no byte later than 2 s after that. */
  readonly signal: AbortSignal;
  /** Asked before each chunk; false: stop at once, reset the connection, report `lost-ownership`. */
  mayContinue(): boolean;
  /** Awaited after the connection stands and before the first byte that could put anything on paper: the attempt is on record then. */
  begin(connection: { readonly sourcePort: number }): Promise<void>;
  progress(progress: Progress): void;
}

/** Where a connection to a device comes from. */
export interface PortSource {
  /** One of them, of the device address's family; none: the kernel chooses. */
  readonly addresses: readonly string[];
  /** Tried first; when it cannot be had, any other will do. */
  readonly port?: number;
}

export interface PortTarget {
  readonly uri: DeviceUri;
  /** Those that the printer's group has for itself: whatever else the URI's host leads to by now may be another group's device (R48). */
  readonly addresses: readonly string[];
  readonly options: DeviceOptions;
  readonly source: PortSource;
}

export interface Port {
  /** Resolves with the outcome; rejects for bugs, and with what `begin` or a document's source threw. */
  print(target: PortTarget, delivery: Delivery): Promise<Outcome>;
}
