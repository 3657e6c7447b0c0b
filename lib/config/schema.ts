// The schema of the configuration file: every key, its bounds and its default.

import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { z } from 'zod';
import { parseDeviceUri } from '../model/device-uri.js';
import {
  communityRule,
  hostNameRule,
  isCommunity,
  isHostName,
  isMediaType,
  isName,
  mediaTypeRule,
  nameRule,
} from '../model/names.js';
import { defaultDeviceOptions, resendPolicies } from '../model/printer.js';
import { isNetwork, networkRule } from '../platform/ip-address.js';
import { logLevels } from '../platform/log.js';

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;
const seconds = 1_000;
const hours = 3_600 * seconds;
const days = 24 * hours;

const whole = (least: number, most: number, what: string) =>
  z.int(`expected ${what}`).min(least, `the least is ${least}`).max(most, `the most is ${most}`);
const milliseconds = (least = 1) => whole(least, 10 * 366 * days, 'a whole number of milliseconds');
const count = (least = 1) => whole(least, 1e9, 'a whole number');
const listenPort = whole(0, 65_535, 'a TCP or UDP port, or 0 for any free one');

const byteUnits: Readonly<Record<string, number>> = { KiB, MiB, GiB, TiB: 1024 * GiB };
const bytesRule = 'expected a number of octets, or a text such as "16 KiB", "64 MiB", "10 GiB" or "1 TiB"';
const bytes = (least: number, most: number = Number.MAX_SAFE_INTEGER) =>
  z
    .union([z.int(bytesRule), z.string().regex(/^\d{1,9} ?[KMGT]iB$/, bytesRule)], bytesRule)
    .transform((value) => {
      if (typeof value === 'number') return value;
      const unit = value.slice(-3);
      return Number(value.slice(0, -3)) * (byteUnits[unit] ?? 1);
    })
    .pipe(z.number().min(least, `the least is ${least} octets`).max(most, `the most is ${most} octets`));

const name = z.string().refine(isName, nameRule);
const address = z.string().refine((text) => isIP(text) !== 0, 'expected an IP address');
const hostName = z
  .string()
  .refine(isHostName, hostNameRule)
  .transform((text) => text.toLowerCase());

const network = z.string().refine(isNetwork, networkRule);

const community = z.string().refine(isCommunity, communityRule);
const text127 = z
  .string()
  .refine((text) => Buffer.byteLength(text) <= 127, 'at most 127 octets')
  // oxlint-disable-next-line no-control-regex
  .regex(/^[^\x00-\x1f\x7f]*$/, 'no control characters');

const mediaType = z.string().refine(isMediaType, mediaTypeRule);

const deviceUri = z.string().transform((text, context) => {
  const parsed = parseDeviceUri(text);
  if (parsed.ok) return parsed.uri;
  context.addIssue({ code: 'custom', message: parsed.reason });
  return z.NEVER;
});

const printer = z.strictObject({
  device: deviceUri,
  info: text127.default(''),
  location: text127.default(''),
  makeAndModel: text127.default('Platen raw printer'),
  formats: z.array(mediaType).default([]),
  interrupted: z.enum(['restart', 'hold']).exactOptional(),
  maxAttempts: count().exactOptional(),
  resends: z.enum(resendPolicies).default('recognise'),
  lock: z.enum(['address', 'port']).default(defaultDeviceOptions.lock),
  halfClose: z.boolean().default(defaultDeviceOptions.halfClose),
  confirmAfterMs: milliseconds(0).default(defaultDeviceOptions.confirmAfterMs),
  lpdOrder: z.enum(['control-first', 'data-first']).default(defaultDeviceOptions.lpdOrder),
  lpdReservedPort: z.boolean().default(defaultDeviceOptions.lpdReservedPort),
  tlsVerify: z.boolean().default(defaultDeviceOptions.tlsVerify),
  localAddress: address.exactOptional(),
  snmp: z
    .strictObject({
      community,
      port: whole(1, 65_535, 'a UDP port').default(161),
      index: count().default(1),
    })
    .exactOptional(),
});

const group = z.strictObject({
  addresses: z.array(address).min(1, 'a group listens on one address at least').default(['127.0.0.1']),
  networkName: hostName.exactOptional(),
  aliases: z.array(hostName).default([]),
  ipp: z.strictObject({ port: listenPort.default(631), operatorsFrom: z.array(network).default([]) }).prefault({}),
  lpd: z
    .strictObject({ ports: z.array(listenPort).default([515]), optionalPorts: z.array(listenPort).default([]) })
    .prefault({}),
  snmp: z
    .strictObject({
      port: listenPort.default(161),
      community: community.exactOptional(),
      allowFrom: z.array(network).default([]),
    })
    .prefault({}),
  printers: z.record(name, printer).default({}),
});

const limits = z
  .strictObject({
    maxConnections: count().default(2_000),
    maxConnectionsPerAddress: count().default(256),
    headerTimeMs: milliseconds().default(10 * seconds),
    headerBytes: bytes(KiB, MiB).prefault(16 * KiB),
    idleTimeMs: milliseconds().default(60 * seconds),
    minBytesPerSecond: whole(0, GiB, 'a whole number of octets a second').default(KiB),
    minRateOverMs: milliseconds(seconds).default(60 * seconds),
    attributeBytes: bytes(KiB, 64 * KiB).prefault(64 * KiB),
    maxAttributes: count().default(1_000),
    maxAttributeValues: count().default(10_000),
    maxCollectionDepth: whole(1, 64, 'a whole number').default(8),
    maxDocumentBytes: bytes(1).prefault(16 * GiB),
    maxDocumentsPerJob: whole(1, 200, 'a whole number').default(100),
    maxUnfinishedJobs: count().default(20_000),
    decompressionRatio: count().default(200),
    decompressionFreeBytes: bytes(0).prefault(MiB),
    lpdLineBytes: bytes(256, 64 * KiB).prefault(KiB),
    diskReserveBytes: bytes(0).prefault(64 * MiB),
  })
  .prefault({});

const history = z
  .strictObject({
    keepHistoryMs: milliseconds(0).default(7 * days),
    keepHistoryCount: count(0).default(100_000),
    keepDocumentsMs: milliseconds(0).default(24 * hours),
    keepDocumentsCount: count(0).default(10_000),
    keepDocumentsBytes: bytes(0).prefault(10 * GiB),
    keepOrphansMs: milliseconds(0).default(7 * days),
  })
  .prefault({});

const jobs = z
  .strictObject({
    multipleOperationTimeoutMs: milliseconds(seconds).default(300 * seconds),
    stopTimeoutMs: milliseconds(0).default(10 * seconds),
    maxAttempts: count().default(3),
    interrupted: z.enum(['restart', 'hold']).default('restart'),
  })
  .prefault({});

const file = z.string().min(1, 'expected a file');

const memberUrl = z
  .string()
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), 'expected http(s)://host:port')
  .transform((text) => new URL(text).origin);

const interfaceName = z.string().regex(/^[^\s/]{1,15}$/, 'expected the name of a network interface, such as eth0');

/** A zone whose server takes updates that are signed with this key. */
const updatedZone = z.strictObject({
  zone: hostName,
  server: address,
  port: whole(1, 65_535, 'a port').default(53),
  key: z.strictObject({
    name: hostName,
    algorithm: z.enum(['hmac-sha256']).default('hmac-sha256'),
    secretFile: z.string().min(1, 'expected a file'),
  }),
});

const cluster = z.strictObject({
  endpoints: z.array(memberUrl).min(1, 'name one member of etcd at least'),
  insecure: z.boolean().default(false),
  tls: z.strictObject({ ca: file, certificate: file, key: file, crl: file.exactOptional() }).exactOptional(),
  address: address.default('127.0.0.1'),
  port: listenPort.default(8632),
  backEnd: z.enum(['linux', 'loopback', 'none']).default('loopback'),
  interface: interfaceName.exactOptional(),
  fencing: z.enum(['hard', 'soft']).default('hard'),
  witness: z.boolean().default(false),
  member: z
    .strictObject({
      program: z.string().min(1, 'expected a program').default('etcd'),
      name: name.exactOptional(),
      clientUrl: memberUrl,
      peerUrl: memberUrl,
      /** Name → peerUrl of every member. */
      initialCluster: z.record(name, memberUrl),
    })
    .exactOptional(),
  dnsUpdate: z.array(updatedZone).max(20, 'at most 20 zones').default([]),
  minCopies: whole(1, 5, 'a whole number of copies').default(2),
  degradedAccept: z.enum(['never', 'node-lost', 'always']).default('node-lost'),
  peerTimeoutMs: milliseconds(100).default(2 * seconds),
  repairAfterMs: milliseconds().default(60 * seconds),
  scrubEveryMs: milliseconds(60 * seconds).default(7 * days),
  renewEveryMs: milliseconds(50).default(300),
  fenceAfterMs: milliseconds(500).default(1_800),
  takeoverAfterMs: milliseconds(500).default(2_600),
});

/** The host's name without its domain, where it may stand in the store's keys. */
const nodeName = (host: string): string => {
  const [short = ''] = host.split('.');
  return isName(short) ? short : 'node';
};

export const schema = z.strictObject({
  stateDirectory: z.string().min(1, 'expected a directory').default('spool'),
  node: z.strictObject({ name: name.default(() => nodeName(hostname())) }).prefault({}),
  log: z.strictObject({ level: z.enum(logLevels).default('info') }).prefault({}),
  groups: z.record(name, group).default({}),
  cluster: cluster.exactOptional(),
  admin: z.strictObject({ address: address.default('127.0.0.1'), port: listenPort.default(8630) }).prefault({}),
  limits,
  history,
  jobs,
  devicePorts: z.array(whole(1, 65_535, 'a TCP port')).default([]),
});

export type ConfigDocument = z.output<typeof schema>;
export type GroupSettings = ConfigDocument['groups'][string];
export type PrinterSettings = GroupSettings['printers'][string];
