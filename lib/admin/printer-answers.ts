// How a printer is shown. Communities are write-only: whoever may read is told that one is set (R72).

import { z } from 'zod';
import { type PrinterRecord, resendPolicies } from '../model/printer.js';
import type { PrintSpooler } from '../queue/print-spooler.js';
import { time } from './fields.js';

export const progressAnswer = z.object({
  phase: z.enum(['connecting', 'waiting', 'sending', 'stalled', 'draining', 'confirming']),
  written: z.number().describe('Octets sent'),
  drained: z.number().describe('Octets that the device has acknowledged'),
  detail: z.string(),
});

export const printerAnswer = z.object({
  name: z.string(),
  uuid: z.string(),
  info: z.string(),
  location: z.string(),
  makeAndModel: z.string(),
  deviceUri: z.string(),
  formats: z.array(z.string()).describe('Media types that the device is said to understand'),
  deviceAddresses: z.array(z.string()),
  device: z.object({
    lock: z.enum(['address', 'port']),
    halfClose: z.boolean(),
    confirmAfterMs: z.number(),
    lpdOrder: z.enum(['control-first', 'data-first']),
    lpdReservedPort: z.boolean(),
    tlsVerify: z.boolean(),
    localAddress: z.string().optional(),
    snmp: z.object({ communitySet: z.literal(true), port: z.number(), index: z.number() }).optional(),
  }),
  accepting: z.boolean(),
  paused: z.boolean(),
  pausedMessage: z.string(),
  interrupted: z.enum(['restart', 'hold']),
  maxAttempts: z.number(),
  resends: z.enum(resendPolicies),
  resendsRecognised: z.number().describe('Since the group came to its owner'),
  created: time('When it was made'),
  changed: time('When it was changed last'),
  state: z.enum(['idle', 'processing', 'stopped']),
  stateReasons: z.array(z.string()).describe('printer-state-reasons keywords'),
  stateMessage: z.string(),
  unfinishedJobs: z.number(),
  printing: z
    .object({ job: z.number(), progress: progressAnswer.optional() })
    .optional()
    .describe('The job being sent'),
  refusals: z.number().describe('Attempts in a row that the device did not take up'),
});
export type PrinterAnswer = z.output<typeof printerAnswer>;

const showDevice = ({ snmp, ...device }: PrinterRecord['device']): PrinterAnswer['device'] => ({
  ...device,
  ...(snmp === undefined ? {} : { snmp: { communitySet: true, port: snmp.port, index: snmp.index } }),
});

export const showPrinter = (record: PrinterRecord, spooler: PrintSpooler): PrinterAnswer => {
  const { device, deviceAddresses, formerAddresses: _, formats, ...shown } = record;
  const { state, reasons, message } = spooler.printerState(record);
  const { job, progress, refusals } = spooler.lane(record.name);
  return {
    ...shown,
    resends: record.resends ?? 'recognise',
    resendsRecognised: spooler.resends(record.name),
    formats: [...formats],
    deviceAddresses: [...deviceAddresses],
    device: showDevice(device),
    state,
    stateReasons: [...reasons],
    stateMessage: message,
    unfinishedJobs: spooler.jobs.unfinishedCountOf(record.name),
    refusals,
    ...(job === undefined ? {} : { printing: { job, ...(progress === undefined ? {} : { progress }) } }),
  };
};
