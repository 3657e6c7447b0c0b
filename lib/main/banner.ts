// Pure: what a person sees when the node is ready: where it listens, and commands to try.

import type { Config } from '../config.js';
import type { RunningNode } from '../main.js';

type Listening = RunningNode['listening'];

/** What the operator's command line takes for granted, where it is called from the same folder. */
export interface BannerDefaults {
  /** Its program. */
  readonly commandLine: string;
  readonly stateDirectory: string;
  readonly url: string;
}

const hostOf = (address: string): string => (address.includes(':') ? `[${address}]` : address);

/** A word as a shell takes it. */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** How the operator's command line finds this node. */
const operatorOptions = (config: Config, listening: Listening, defaults: BannerDefaults): string[] => {
  const state = config.stateDirectory === defaults.stateDirectory ? [] : ['--state', config.stateDirectory];
  const scheme = config.cluster?.tls === undefined ? 'http' : 'https';
  const url = listening
    .filter(({ protocol }) => protocol === 'rest')
    .map(({ address, port }) => `${scheme}://${hostOf(address)}:${port}`)
    .filter((place) => place !== defaults.url);
  return [...state, ...url.flatMap((place) => ['--url', place])];
};

const tryOut = (config: Config, listening: Listening, defaults: BannerDefaults): string[] => {
  const ipp = listening.find(({ protocol }) => protocol === 'ipp');
  const [group] = config.groups;
  const printer = group?.printers[0]?.name;
  if (ipp === undefined || printer === undefined) return [];
  const server = `${hostOf(ipp.address)}:${ipp.port}`;
  const lpds = listening.filter(({ protocol }) => protocol === 'lpd');
  const community = group?.snmp.community;
  const snmp = listening.find(({ protocol }) => protocol === 'snmp');
  return [
    'Print to it (any file will do):',
    `  lp -h ${server} -d ${printer} README.md`,
    `  lpr -H ${server} -P ${printer} README.md`,
    `  ipptool -tv -f README.md ipp://${server}/printers/${printer} print-job.test`,
    ...lpds.filter(({ port }) => port === 515).map(({ address }) => `  rlpr -H ${address} -P ${printer} README.md`),
    'Look at it:',
    `  lpstat -h ${server} -p ${printer} -o`,
    `  lpq -h ${server} -P ${printer}`,
    `  cancel -h ${server} -a ${printer}`,
    ...(snmp === undefined || community === undefined
      ? []
      : [`  snmpget -v2c -c ${quoted(community)} -On ${snmp.address}:${snmp.port} 1.3.6.1.2.1.25.3.5.1.1.1`]),
    `  ${['node', defaults.commandLine, 'status', ...operatorOptions(config, listening, defaults)].map(quoted).join(' ')}`,
  ];
};

/** Ends with the line `ready`. */
export const banner = (config: Config, listening: Listening, defaults: BannerDefaults): string => {
  const places = listening.map(({ protocol, address, port }) => `  ${protocol.padEnd(6)}${hostOf(address)}:${port}`);
  return ['Platen listens on', ...places, ...tryOut(config, listening, defaults), 'ready', ''].join('\n');
};
