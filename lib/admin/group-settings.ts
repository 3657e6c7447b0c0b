// What an operator may say of a group and its resources, checked. Whether it fits together and with other groups is judged where it is written.

import { z } from 'zod';
import type { GroupDraft, GroupSettings, ResourceChange, ResourceDraft } from '../cluster/group-edits.js';
import { publishWays } from '../model/cluster.js';
import { addressText, communityText, hostNameText, nameText, networkText, plainText, portNumber } from './fields.js';

const nodes = z.array(nameText).min(1, 'name one node at least').max(100);
const ports = z.array(portNumber).max(20);
const milliseconds = (least: number) =>
  z
    .int()
    .min(least)
    .max(7 * 86_400_000);
const hour = z.int().min(0).max(23);

export const failback = z.discriminatedUnion('policy', [
  z.strictObject({ policy: z.literal('prevent') }),
  z.strictObject({ policy: z.literal('immediate') }),
  z.strictObject({ policy: z.literal('hours'), from: hour, to: hour }),
]);

export const failover = z.strictObject({ threshold: z.int().min(0).max(1_000), periodMs: milliseconds(1_000) });

export const restart = z.strictObject({
  attempts: z.int().min(0).max(50),
  periodMs: milliseconds(1_000),
  delayMs: milliseconds(0),
});

const services = z
  .strictObject({
    ipp: z
      .strictObject({ port: portNumber, operatorsFrom: z.array(networkText).max(100) })
      .partial()
      .exactOptional(),
    lpd: z.strictObject({ ports, optionalPorts: ports }).partial().exactOptional(),
    snmp: z
      .strictObject({
        port: portNumber.exactOptional(),
        community: communityText.nullable().exactOptional(),
        allowFrom: z.array(networkText).max(100).exactOptional(),
      })
      .exactOptional(),
  })
  .describe('What clients may use; changes are taken up when the print spooler comes online next');

const said = {
  possibleOwners: nodes.nullable().exactOptional().describe('null: every node'),
  preferredOwners: nodes.nullable().exactOptional().describe('The best first'),
  aliases: z.array(hostNameText).max(100).nullable().exactOptional().describe('Other names that clients may use'),
  publish: z
    .array(z.enum(publishWays))
    .max(publishWays.length)
    .nullable()
    .exactOptional()
    .describe('Where its names are made known: in multicast DNS, and in zones that its nodes may update; null: both'),
  failback: failback.nullable().exactOptional(),
  failover: failover.nullable().exactOptional(),
  jobCompletionTimeoutMs: milliseconds(0)
    .nullable()
    .exactOptional()
    .describe('How long a move waits for documents being sent'),
  uploadGraceMs: milliseconds(0).nullable().exactOptional(),
  services: services.exactOptional(),
};

export const groupDraft = z.strictObject({
  name: nameText,
  addresses: z.array(addressText).min(1, 'name one address at least').max(20),
  networkName: hostNameText.exactOptional(),
  ...said,
});

export const groupSettings = z.strictObject(said);

export const resourceDraft = z.strictObject({
  name: nameText,
  kind: z.enum(['ip-address', 'network-name', 'print-spooler']),
  value: plainText(253).exactOptional().describe('The address, or the network name'),
  restart: restart.exactOptional(),
}) satisfies z.ZodType<ResourceDraft>;

export const resourceChange = z.strictObject({
  value: plainText(253).exactOptional(),
  restart: restart.nullable().exactOptional(),
}) satisfies z.ZodType<ResourceChange>;

/** As the cluster takes them: absent and undefined are told apart there. */
const withoutUndefined = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value)
          .filter(([, inner]) => inner !== undefined)
          .map(([key, inner]) => [key, withoutUndefined(inner)]),
      )
    : value;

export const asDraft = (body: z.output<typeof groupDraft>): GroupDraft => withoutUndefined(body) as GroupDraft;
export const asSettings = (body: z.output<typeof groupSettings>): GroupSettings =>
  withoutUndefined(body) as GroupSettings;
