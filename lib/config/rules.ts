// Rules that look at more than one key of the configuration, in words.

import { isUsualDevicePort } from '../model/device-uri.js';
import type { ConfigDocument } from './schema.js';

export interface Broken {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Everything that the document breaks, with the place of each. */
export const brokenRules = (document: ConfigDocument): readonly Broken[] => [
  ...listenerClashes(document),
  ...deviceProblems(document),
  ...nameClashes(document),
  ...snmpProblems(document),
  ...boundProblems(document),
  ...clusterProblems(document),
];

const everyAddress = new Set(['0.0.0.0', '::']);

const listenerClashes = (document: ConfigDocument): Broken[] => {
  const taken: { transport: string; address: string; port: number; who: string }[] = [];
  const broken: Broken[] = [];
  const listen = (transport: 'TCP' | 'UDP', onAddress: string, port: number, who: string, where: Broken['path']) => {
    if (port === 0) return;
    const other = taken.find(
      (known) =>
        known.transport === transport &&
        known.port === port &&
        (known.address === onAddress || everyAddress.has(known.address) || everyAddress.has(onAddress)),
    );
    if (other === undefined) taken.push({ transport, address: onAddress, port, who });
    else broken.push({ path: where, message: `${who} and ${other.who} both want ${transport} port ${port}` });
  };
  listen('TCP', document.admin.address, document.admin.port, 'the REST API', ['admin', 'port']);
  for (const [groupName, settings] of Object.entries(document.groups))
    for (const onAddress of settings.addresses) {
      const at = ['groups', groupName];
      const of = `of group ${groupName} on ${onAddress}`;
      listen('TCP', onAddress, settings.ipp.port, `IPP ${of}`, [...at, 'ipp', 'port']);
      for (const key of ['ports', 'optionalPorts'] as const)
        for (const [index, port] of settings.lpd[key].entries())
          listen('TCP', onAddress, port, `LPD ${of}`, [...at, 'lpd', key, index]);
      if (settings.snmp.community !== undefined)
        listen('UDP', onAddress, settings.snmp.port, `SNMP ${of}`, [...at, 'snmp', 'port']);
    }
  return broken;
};

const deviceProblems = (document: ConfigDocument): Broken[] => {
  const broken: Broken[] = [];
  const groupOf = new Map<string, string>();
  for (const [groupName, settings] of Object.entries(document.groups))
    for (const [printerName, { device }] of Object.entries(settings.printers)) {
      const at = ['groups', groupName, 'printers', printerName, 'device'];
      if (!isUsualDevicePort(device.port) && !document.devicePorts.includes(device.port))
        broken.push({
          path: at,
          message: `port ${device.port} is none that printers use (515, 631, 9100 to 9107); to allow it, list it in devicePorts`,
        });
      const other = groupOf.get(device.host);
      if (other !== undefined && other !== groupName)
        broken.push({
          path: at,
          message: `the device ${device.host} belongs to group ${other}; a device is of one group`,
        });
      groupOf.set(device.host, other ?? groupName);
    }
  return broken;
};

const nameClashes = (document: ConfigDocument): Broken[] => {
  const broken: Broken[] = [];
  const groupOf = new Map<string, string>();
  for (const [groupName, { networkName, aliases }] of Object.entries(document.groups)) {
    const names: [string, Broken['path']][] = aliases.map((alias, index) => [alias, ['aliases', index]]);
    if (networkName !== undefined) names.unshift([networkName, ['networkName']]);
    for (const [host, where] of names) {
      const other = groupOf.get(host);
      if (other === undefined) groupOf.set(host, groupName);
      else
        broken.push({ path: ['groups', groupName, ...where], message: `${host} is a name of group ${other} already` });
    }
  }
  return broken;
};

const snmpProblems = (document: ConfigDocument): Broken[] =>
  Object.entries(document.groups)
    .filter(([, { snmp }]) => snmp.community !== undefined && snmp.allowFrom.length === 0)
    .map(([groupName]) => ({
      path: ['groups', groupName, 'snmp'],
      message: 'a community needs allowFrom: the networks that may ask',
    }));

const boundProblems = ({ limits: bounds, history: kept }: ConfigDocument): Broken[] => {
  const broken: Broken[] = [];
  if (bounds.maxConnectionsPerAddress > bounds.maxConnections)
    broken.push({
      path: ['limits', 'maxConnectionsPerAddress'],
      message: `one address cannot have more connections than all have (maxConnections: ${bounds.maxConnections})`,
    });
  if (kept.keepDocumentsMs > kept.keepHistoryMs)
    broken.push({
      path: ['history', 'keepDocumentsMs'],
      message: `documents cannot be kept longer than their jobs are (keepHistoryMs: ${kept.keepHistoryMs})`,
    });
  if (kept.keepDocumentsCount > kept.keepHistoryCount)
    broken.push({
      path: ['history', 'keepDocumentsCount'],
      message: `documents of more jobs than are kept (keepHistoryCount: ${kept.keepHistoryCount}) cannot be kept`,
    });
  return broken;
};

/** How long the kernel keeps a floating address that nobody refreshes, and how late the refresh may be (DESIGN section 5). */
const addressLifetimeMs = 2_000;
const removalMs = 250;

const isLoopback = (host: string): boolean => host === '[::1]' || host === '::1' || host.startsWith('127.');

const clusterProblems = ({ cluster, groups, admin }: ConfigDocument): Broken[] => {
  if (cluster === undefined) return [];
  const broken: Broken[] = [];
  const breaks = (key: string, message: string): void => void broken.push({ path: ['cluster', key], message });
  if (Object.keys(groups).length > 0)
    broken.push({
      path: ['groups'],
      message: 'the groups of a cluster are in its store: make them with `platen group create`',
    });
  const leastTakeover = removalMs + addressLifetimeMs + 100 + removalMs;
  if (cluster.takeoverAfterMs < leastTakeover)
    breaks('takeoverAfterMs', `an address may be there for so long after its owner's last renewal: ${leastTakeover}`);
  if (cluster.fenceAfterMs >= addressLifetimeMs + removalMs)
    breaks(
      'fenceAfterMs',
      `the owner must give up before its address goes: less than ${addressLifetimeMs + removalMs} ` +
        `(an address's lifetime of ${addressLifetimeMs}, and ${removalMs} for its removal)`,
    );
  if (cluster.fenceAfterMs < 3 * cluster.renewEveryMs)
    breaks('renewEveryMs', `three renewals must fit into fenceAfterMs (${cluster.fenceAfterMs})`);
  if (cluster.backEnd === 'linux' && cluster.interface === undefined)
    breaks('interface', 'the back end "linux" needs the network interface that floating addresses are put on');
  if (cluster.backEnd !== 'linux' && cluster.interface !== undefined)
    breaks('interface', `the back end "${cluster.backEnd}" puts no addresses on an interface`);
  if (cluster.backEnd === 'loopback' && cluster.fencing === 'soft')
    breaks('fencing', 'the back end "loopback" has no fences in the kernel: leave it out');
  const zones = cluster.dnsUpdate.map(({ zone }) => zone);
  const twice = zones.find((zone, index) => zones.indexOf(zone) !== index);
  if (twice !== undefined) breaks('dnsUpdate', `the zone ${twice} is there twice`);
  const { member, tls } = cluster;
  if (tls === undefined && !(isLoopback(cluster.address) && isLoopback(admin.address)) && !cluster.insecure)
    breaks(
      'address',
      'without cluster.tls nodes speak in plain text with each other: only on loopback, or with insecure: true',
    );
  for (const [path, at] of [
    [['cluster', 'address'], cluster.address],
    [['admin', 'address'], admin.address],
  ] as const)
    if (everyAddress.has(at)) broken.push({ path, message: 'other nodes must be told one address of this node' });
  const urls = {
    endpoints: cluster.endpoints,
    member: member === undefined ? [] : [member.clientUrl, member.peerUrl, ...Object.values(member.initialCluster)],
  };
  for (const [key, of] of Object.entries(urls)) {
    const far = of.find((url) => url.startsWith('http:') && !isLoopback(new URL(url).hostname));
    if (far !== undefined && !cluster.insecure) breaks(key, `${far} is plain text to another machine (R92)`);
  }
  if (tls === undefined && urls.member.some((url) => url.startsWith('https:')))
    breaks('member', 'https needs the certificates of cluster.tls');
  if (member !== undefined && !Object.values(member.initialCluster).includes(member.peerUrl))
    breaks('member', `initialCluster does not hold this member's peerUrl ${member.peerUrl}`);
  return broken;
};
