// Pure: what state a printer is in, from its record, from what its lane does and from what its device says (RFC 8011 sections 5.4.11 to 5.4.13).

import type { PrinterRecord } from '../model/printer.js';
import type { LaneView } from './lane.js';

export interface PrinterState {
  readonly state: 'idle' | 'processing' | 'stopped';
  /** printer-state-reasons keywords; empty stands for `none`. */
  readonly reasons: readonly string[];
  /** printer-state-message: one sentence, or empty. */
  readonly message: string;
  /** When it came into this state; wall clock, ms since 1970. */
  readonly since: number;
}

/** `deviceReasons`: keywords that the device's SNMP answers were turned into. */
export const printerState = (
  printer: Pick<PrinterRecord, 'paused' | 'pausedMessage' | 'changed'>,
  lane: LaneView,
  deviceReasons: readonly string[],
): PrinterState => {
  // While it is called its job is still pending: it processes nothing yet.
  const phase = lane.progress?.phase;
  const running = lane.job !== undefined && phase !== 'connecting';
  const reasons: string[] = [];
  if (printer.paused) reasons.push(running ? 'moving-to-paused' : 'paused');
  if (lane.refusals > 0) reasons.push('connecting-to-device');
  if (phase === 'stalled') reasons.push('timed-out');
  reasons.push(...deviceReasons);
  const message = printer.paused ? printer.pausedMessage || 'Paused' : lane.progress?.detail || lane.refusal;
  const since = Math.max(printer.changed, lane.changed);
  if (printer.paused && !running) return { state: 'stopped', reasons, message, since };
  return { state: running ? 'processing' : 'idle', reasons, message, since };
};
