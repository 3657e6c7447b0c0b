// What an operator may say of a printer, checked.

import { z } from 'zod';
import { communityRule, isCommunity, isMediaType, mediaTypeRule } from '../model/names.js';
import { resendPolicies } from '../model/printer.js';
import type { PrinterDraft, PrinterSettings } from '../queue/printer-table.js';
import { addressText, nameText, plainText } from './fields.js';

const snmp = z.strictObject({
  community: z.string().refine(isCommunity, communityRule).describe('Write-only'),
  port: z.int().min(1).max(65_535).default(161),
  index: z.int().min(1).max(65_535).default(1).describe('hrDeviceIndex of the printer'),
});

const device = z.strictObject({
  lock: z.enum(['address', 'port']).exactOptional(),
  halfClose: z.boolean().exactOptional(),
  confirmAfterMs: z.int().min(0).max(86_400_000).exactOptional(),
  lpdOrder: z.enum(['control-first', 'data-first']).exactOptional(),
  lpdReservedPort: z.boolean().exactOptional(),
  tlsVerify: z.boolean().exactOptional(),
  localAddress: addressText.exactOptional(),
  snmp: snmp.exactOptional(),
});

const said = {
  info: plainText(127).exactOptional(),
  location: plainText(127).exactOptional(),
  makeAndModel: plainText(127).exactOptional(),
  formats: z
    .array(z.string().refine(isMediaType, mediaTypeRule))
    .max(50)
    .exactOptional()
    .describe('Media types that the device understands'),
  interrupted: z.enum(['restart', 'hold']).exactOptional(),
  maxAttempts: z.int().min(1).max(1_000_000).exactOptional(),
  resends: z
    .enum(resendPolicies)
    .exactOptional()
    .describe('Whether a job that a client sends again, not having heard the answer, is printed once'),
};

const deviceUri = plainText(1_023).describe(
  'socket://host[:port], lpd://host/queue, ipp://host/path or ipps://host/path',
);

export const printerDraft = z.strictObject({
  name: nameText,
  deviceUri,
  ...said,
  device: device.exactOptional(),
}) satisfies z.ZodType<PrinterDraft>;

export const printerSettings = z.strictObject({
  deviceUri: deviceUri.exactOptional(),
  ...said,
  device: device
    .extend({
      localAddress: addressText.nullable().exactOptional().describe('null: chosen by the system'),
      snmp: snmp.nullable().exactOptional().describe('null: not polled'),
    })
    .exactOptional(),
}) satisfies z.ZodType<PrinterSettings>;
