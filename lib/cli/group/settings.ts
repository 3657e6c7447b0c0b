// The options of `group create` and `group set`, and the request that they make.

import type { Readable } from 'node:stream';
import type { Command } from 'commander';
import { another, anotherPort, type FailbackWord, failbackOf, listOf, wholeNumber } from '../arguments.js';
import { communityFrom } from '../community.js';

export interface GroupOptions {
  readonly alias?: readonly string[];
  readonly publish?: readonly string[];
  readonly possible?: readonly string[];
  readonly preferred?: readonly string[];
  readonly ippPort?: number;
  readonly lpdPort?: readonly number[];
  readonly lpdOptionalPort?: readonly number[];
  /** False for --no-snmp. */
  readonly snmp?: false;
  readonly snmpCommunity?: string;
  readonly snmpAllow?: readonly string[];
  readonly snmpPort?: number;
  readonly operatorsFrom?: readonly string[];
  readonly jobCompletionTimeout?: number;
  readonly uploadGrace?: number;
  readonly failback?: FailbackWord;
}

/** What is no way is told by the server. */
const waysOf = (text: string): readonly string[] => (text === 'none' ? [] : listOf(text));
const port = wholeNumber(1, 65_535);
const milliseconds = wholeNumber(0, 7 * 86_400_000);

/** Adds the options that both commands have. */
export const addGroupSettings = (command: Command): Command =>
  command
    .option('--alias <name>', 'another name that clients may use; may be repeated', another)
    .option('--publish <ways>', 'where its names are made known: "multicast", "dns", both with a comma, "none"', waysOf)
    .option('--possible <nodes>', 'nodes that may own it, with commas', listOf)
    .option('--preferred <nodes>', 'the best owners first, with commas', listOf)
    .option('--ipp-port <port>', 'TCP port of IPP; 631 unless said', port)
    .option('--lpd-port <port>', 'TCP port of LPD; 515 unless said; may be repeated', anotherPort)
    .option('--lpd-optional-port <port>', 'the same, but no failure when it cannot be had', anotherPort)
    .option('--snmp-community <word>', 'answer SNMP; "-" reads the word from standard input, out of sight of ps')
    .option('--snmp-allow <network>', 'who may ask over SNMP; may be repeated', another)
    .option('--snmp-port <port>', 'UDP port of SNMP; 161 unless said', port)
    .option('--operators-from <network>', "whose clients may use operators' operations; may be repeated", another)
    .option('--job-completion-timeout <ms>', 'how long a move waits for documents being sent', milliseconds)
    .option('--upload-grace <ms>', 'how long a move waits for uploads', milliseconds)
    .option('--failback <policy>', 'back to a better owner: prevent, immediate, or hours such as 22-5', failbackOf);

const isSaid = (value: object): boolean => Object.values(value).some((one) => one !== undefined);
const ifSaid = <Value extends object>(value: Value): Value | undefined => (isSaid(value) ? value : undefined);

/** What goes into the request's body; what was not said is `undefined`, which JSON leaves out. */
export const groupBody = async (options: GroupOptions, stdin: Readable): Promise<object> => {
  const { snmp, snmpCommunity } = options;
  const community = snmp === false ? null : snmpCommunity && (await communityFrom(snmpCommunity, stdin));
  const services = {
    ipp: ifSaid({ port: options.ippPort, operatorsFrom: options.operatorsFrom }),
    lpd: ifSaid({ ports: options.lpdPort, optionalPorts: options.lpdOptionalPort }),
    snmp: ifSaid({ community, port: options.snmpPort, allowFrom: options.snmpAllow }),
  };
  return {
    aliases: options.alias,
    publish: options.publish,
    possibleOwners: options.possible,
    preferredOwners: options.preferred,
    failback: options.failback,
    jobCompletionTimeoutMs: options.jobCompletionTimeout,
    uploadGraceMs: options.uploadGrace,
    services: ifSaid(services),
  };
};

export const saysNothing = (body: object): boolean => !isSaid(body);
