// Pure: what a person sees when the node is ready: where it listens, and commands to try.

import type { Config } from '../config.js';
import type { RunningNode } from '../main.js';

type Listening = RunningNode['listening'];

const hostOf = (address: string): string => (address.includes(':') ? `[${address}]` : address);

const tryOut = (config: Config, listening: Listening): string[] => {
  const ipp = listening.find(({ protocol }) => protocol === 'ipp');
  const printer = config.groups[0]?.printers[0]?.name;
  if (ipp === undefined || printer === undefined) return [];
  const server = `${hostOf(ipp.address)}:${ipp.port}`;
  const lpds = listening.filter(({ protocol }) => protocol === 'lpd');
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
    `  cancel -h ${server} ${printer}-1`,
    ...(snmp === undefined
      ? []
      : [`  snmpget -v2c -c public -On ${snmp.address}:${snmp.port} 1.3.6.1.2.1.25.3.5.1.1.1`]),
    '  node dist/bin/platen.js status',
  ];
};

/** Ends with the line `ready`. */
export const banner = (config: Config, listening: Listening): string => {
  const places = listening.map(({ protocol, address, port }) => `  ${protocol.padEnd(5)}${hostOf(address)}:${port}`);
  return ['Platen listens on', ...places, ...tryOut(config, listening), 'ready', ''].join('\n');
};
