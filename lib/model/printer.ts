// A printer: the logical queue that clients print to. It belongs to a group, never to a node.

/** What is done with a document whose sending a node's death interrupted (P5). */
export type InterruptedPolicy = 'restart' | 'hold';

/** Whether a job that a client sends again, because it did not hear the answer, is known to be the same. */
export const resendPolicies = ['recognise', 'off'] as const;
export type ResendPolicy = (typeof resendPolicies)[number];

/** How Platen speaks with the device. */
export interface DeviceOptions {
  /** One job at a time per `address`, or per `port` where the operator says that the box has a printer on each port (R48). */
  readonly lock: 'address' | 'port';
  /** Raw: half-close the connection when the printer has taken all bytes. */
  readonly halfClose: boolean;
  /** Raw: how long to wait for the printer's FIN after that. */
  readonly confirmAfterMs: number;
  /** lpd: which file goes first. */
  readonly lpdOrder: 'control-first' | 'data-first';
  /** lpd: connect from a port of 721 to 731 (RFC 1179 section 3.1). */
  readonly lpdReservedPort: boolean;
  /** ipps: refuse a device whose certificate the system does not trust. */
  readonly tlsVerify: boolean;
  /** Address that outgoing connections are bound to. */
  readonly localAddress?: string;
  /** SNMP polling of the device; absent: not polled. */
  readonly snmp?: { readonly community: string; readonly port: number; readonly index: number };
}

export interface PrinterRecord {
  readonly version: number;
  readonly name: string;
  /** Bare UUID. */
  readonly uuid: string;
  readonly info: string;
  readonly location: string;
  readonly makeAndModel: string;
  readonly deviceUri: string;
  /** MIME media types that the device is said to understand; octets of no named type are always taken. */
  readonly formats: readonly string[];
  /** Every address that the URI's host resolved to when the printer was made, or was found to lead elsewhere (R48). */
  readonly deviceAddresses: readonly string[];
  /** Those of the device before: no other group's while something may still be sent there. */
  readonly formerAddresses?: readonly string[];
  readonly device: DeviceOptions;
  readonly accepting: boolean;
  /** Starts no further job while true. */
  readonly paused: boolean;
  /** Why it is paused, for people; from a person or from the verdict stop-printer. */
  readonly pausedMessage: string;
  readonly interrupted: InterruptedPolicy;
  /** Failed attempts after which a job is held (R43). */
  readonly maxAttempts: number;
  /** Absent: `recognise`. */
  readonly resends?: ResendPolicy;
  /** Wall clock, ms since 1970. */
  readonly created: number;
  readonly changed: number;
}

export const defaultDeviceOptions: DeviceOptions = {
  lock: 'address',
  halfClose: true,
  confirmAfterMs: 5_000,
  lpdOrder: 'control-first',
  lpdReservedPort: false,
  tlsVerify: false,
};
