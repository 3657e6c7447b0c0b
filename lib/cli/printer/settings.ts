// The options of `printer add` and `printer set`, and the request that they make.

import type { Readable } from 'node:stream';
import { type Command, Option } from 'commander';
import { wholeNumber } from '../arguments.js';
import { communityFrom } from '../community.js';
import { CliError } from '../exit-codes.js';

export interface SettingOptions {
  readonly device?: string;
  readonly info?: string;
  readonly location?: string;
  readonly makeAndModel?: string;
  readonly formats?: readonly string[];
  readonly interrupted?: string;
  readonly maxAttempts?: number;
  readonly resends?: string;
  readonly lock?: string;
  readonly halfClose?: boolean;
  readonly confirmAfter?: number;
  readonly lpdOrder?: string;
  readonly lpdReservedPort?: boolean;
  readonly tlsVerify?: boolean;
  /** False for --no-local-address. */
  readonly localAddress?: string | false;
  /** False for --no-snmp. */
  readonly snmp?: false;
  readonly snmpCommunity?: string;
  readonly snmpPort?: number;
  readonly snmpIndex?: number;
}

/** Adds the options that both commands have. */
export const addSettings = (command: Command): Command =>
  command
    .option('--info <text>', 'what people call it')
    .option('--location <text>', 'where it stands')
    .option('--make-and-model <text>', 'what it is')
    .option('--formats <types...>', 'media types that the device understands')
    .addOption(
      new Option('--interrupted <policy>', 'what becomes of a job that was cut off').choices(['restart', 'hold']),
    )
    .option('--max-attempts <number>', 'failed attempts after which a job is held', wholeNumber(1, 1_000_000))
    .addOption(
      new Option(
        '--resends <policy>',
        'what becomes of a job that a client sends again, having heard no answer',
      ).choices(['recognise', 'off']),
    )
    .addOption(
      new Option('--lock <scope>', 'one job at a time per address, or per port of a box with several printers').choices(
        ['address', 'port'],
      ),
    )
    .option('--half-close', 'raw: end the sending half of the connection after the last octet')
    .option('--no-half-close', 'raw: not so, for devices that drop data then')
    .option('--confirm-after <ms>', 'raw: how long to wait for the end of the connection', wholeNumber(0, 86_400_000))
    .addOption(new Option('--lpd-order <order>', 'lpd: which file goes first').choices(['control-first', 'data-first']))
    .option('--lpd-reserved-port', 'lpd: send from TCP ports 721 to 731')
    .option('--no-lpd-reserved-port', 'lpd: send from any port')
    .option('--tls-verify', 'ipps: refuse a device whose certificate the system does not trust')
    .option('--no-tls-verify', 'ipps: take any certificate')
    .option('--local-address <address>', 'address to connect from')
    .option(
      '--snmp-community <word>',
      'ask the device over SNMP; "-" reads the word from standard input, out of sight of ps',
    )
    .option('--snmp-port <port>', 'UDP port', wholeNumber(1, 65_535))
    .option('--snmp-index <number>', 'hrDeviceIndex of the printer', wholeNumber(1, 65_535));

const snmpOf = async (
  { snmp, snmpCommunity, snmpPort, snmpIndex }: SettingOptions,
  stdin: Readable,
): Promise<object | null | undefined> => {
  if (snmpCommunity === undefined) {
    if (snmpPort !== undefined || snmpIndex !== undefined)
      throw new CliError(
        'usage',
        '--snmp-port and --snmp-index need --snmp-community',
        'Communities cannot be read back: give it again.',
      );
    return snmp === false ? null : undefined;
  }
  return { community: await communityFrom(snmpCommunity, stdin), port: snmpPort, index: snmpIndex };
};

const isSaid = (value: object): boolean => Object.values(value).some((one) => one !== undefined);

/** What goes into the request's body; what was not said is `undefined`, which JSON leaves out. */
export const settingsBody = async (options: SettingOptions, stdin: Readable): Promise<object> => {
  const device = {
    lock: options.lock,
    halfClose: options.halfClose,
    confirmAfterMs: options.confirmAfter,
    lpdOrder: options.lpdOrder,
    lpdReservedPort: options.lpdReservedPort,
    tlsVerify: options.tlsVerify,
    localAddress: options.localAddress === false ? null : options.localAddress,
    snmp: await snmpOf(options, stdin),
  };
  return {
    deviceUri: options.device,
    info: options.info,
    location: options.location,
    makeAndModel: options.makeAndModel,
    formats: options.formats,
    interrupted: options.interrupted,
    maxAttempts: options.maxAttempts,
    resends: options.resends,
    device: isSaid(device) ? device : undefined,
  };
};

export const saysNothing = (body: object): boolean => !isSaid(body);
