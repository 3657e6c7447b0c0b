import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { ConfigError } from '../lib/config/document.js';
import { loadConfig, parseConfig, type Config } from '../lib/config.js';

const root = path.resolve(import.meta.dirname, '..', '..');

const problemsOf = (text: string): string[] => {
  try {
    parseConfig(text, 'test.yaml');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n');
  }
  return [];
};

t.test('an empty file is a configuration: everything has a default', async (t) => {
  for (const text of ['', '# nothing\n', '{}', 'limits:\nhistory:\n  # nothing yet\n']) {
    const config = parseConfig(text, '/etc/platen/platen.yaml');
    t.same(config.groups, []);
    t.equal(config.stateDirectory, '/etc/platen/spool', "the state's directory is relative to the file");
    t.equal(config.limits.maxDocumentBytes, 16 * 2 ** 30);
    t.equal(config.limits.headerBytes, 16_384);
    t.equal(config.history.keepHistoryMs, 7 * 86_400_000);
    t.equal(config.jobs.multipleOperationTimeoutMs, 300_000);
    t.match(config.node.name, /^[A-Za-z0-9_.-]+$/);
  }
});

t.test('the example file shows the defaults', async (t) => {
  const text = await readFile(path.join(root, 'platen.example.yaml'), 'utf8');
  const example = parseConfig(text, '/x/platen.example.yaml');
  const defaults = parseConfig('', '/x/platen.example.yaml');
  const { groups, ...rest } = example;
  const { groups: none, ...defaultRest } = defaults;
  t.same(none, []);
  t.same(rest, defaultRest, 'outside the groups');
  const bare = parseConfig(
    'groups: {print: {printers: {demo: {device: "socket://127.0.0.1"}}}}',
    '/x/platen.example.yaml',
  );
  const [group] = groups;
  const [bareGroup] = bare.groups;
  t.same(
    {
      ...group,
      networkName: undefined,
      aliases: [],
      snmp: { port: group?.snmp.port, allowFrom: [] },
      printers: group?.printers.map((printer) => ({
        ...printer,
        device: Object.fromEntries(
          Object.entries(printer.device).filter(([key]) => !/^(localAddress|snmp)$/.test(key)),
        ),
      })),
    },
    { ...bareGroup, networkName: undefined },
    'in a group, but for what is marked as an example',
  );
  t.same(group?.printers[0]?.device.snmp, { community: 'public', port: 161, index: 1 });
  const unmarked = [
    ...text.matchAll(/^ +(?:networkName|aliases|community|allowFrom|localAddress|snmp):(.*)$/gm),
  ].filter(([line]) => !line.includes('example') && !/^ {4}snmp|^ {10}community/.test(line));
  t.same(unmarked, [], 'what differs from the default says so');
});

t.test('each key of every section is in the example file', async (t) => {
  const text = await readFile(path.join(root, 'platen.example.yaml'), 'utf8');
  const config = parseConfig('', 'x.yaml');
  for (const section of ['limits', 'history', 'jobs', 'log', 'admin'] as const)
    for (const key of Object.keys(config[section])) t.match(text, new RegExp(`^  ${key}: `, 'm'), `${section}.${key}`);
  const { groups } = parseConfig('groups: {a: {printers: {p: {device: "socket://h"}}}}', 'x.yaml');
  const [group] = groups;
  const [printer] = group?.printers ?? [];
  const wanted = [group?.ipp, group?.lpd, group?.snmp, printer?.device].flatMap((part) => Object.keys(part ?? {}));
  for (const key of wanted) t.match(text, new RegExp(`^ {6,}${key}: `, 'm'), `of a group: ${key}`);
});

t.test("the example file of a cluster's node shows each key and the defaults", async (t) => {
  const text = await readFile(path.join(root, 'platen.cluster.example.yaml'), 'utf8');
  const { cluster } = parseConfig(text, '/x/platen.cluster.example.yaml');
  const bare = parseConfig('cluster: {endpoints: ["http://127.0.0.1:2379"]}', 'x.yaml').cluster;
  const { endpoints, member, ...rest } = cluster ?? {};
  const { endpoints: _, ...defaults } = bare ?? {};
  t.same(rest, defaults);
  for (const key of Object.keys(rest)) t.match(text, new RegExp(`^  ${key}: `, 'm'), key);
  t.same([endpoints?.length, Object.keys(member?.initialCluster ?? {})], [3, ['a', 'b', 'c']]);
});

const ofCluster = (more: string): string => `cluster:\n  endpoints: ["http://127.0.0.1:2379"]\n  ${more}`;

const zoneText = (zone: string, server = '192.0.2.53'): string =>
  `{zone: ${zone}, server: ${server}, key: {name: platen, secretFile: secrets/one}}`;

t.test('a zone that is updated has defaults, and its secret is a file beside the configuration', async (t) => {
  const { cluster } = parseConfig(ofCluster(`dnsUpdate: [${zoneText('Example.com')}]`), '/etc/platen/a.yaml');
  t.same(cluster?.dnsUpdate, [
    {
      zone: 'example.com',
      server: '192.0.2.53',
      port: 53,
      key: { name: 'platen', algorithm: 'hmac-sha256', secretFile: '/etc/platen/secrets/one' },
    },
  ]);
});

const tls = 'tls: {ca: ca.crt, certificate: /c/node.crt, key: tls/node.key}';

t.test('with certificates nodes may be anywhere; their paths are relative to the file', async (t) => {
  const text = ofCluster(`address: 192.0.2.1\n  ${tls}\nadmin: {address: 192.0.2.1}`);
  t.same(parseConfig(text, '/etc/platen/a.yaml').cluster?.tls, {
    ca: '/etc/platen/ca.crt',
    certificate: '/c/node.crt',
    key: '/etc/platen/tls/node.key',
  });
});

const refused: [what: string, text: string, ...problems: (string | RegExp)[]][] = [
  [
    'groups in the file of a cluster',
    'groups: {a: {}}\ncluster: {endpoints: ["http://127.0.0.1:2379"]}',
    'test.yaml:1:9: groups: the groups of a cluster are in its store: make them with `platen group create`',
  ],
  ['a takeover before the address is gone', ofCluster('takeoverAfterMs: 2599'), /takeoverAfterMs: .*: 2600/],
  [
    'an owner that outlives its address',
    ofCluster('fenceAfterMs: 2250'),
    /fenceAfterMs: .*less than 2250 \(an address's lifetime of 2000, and 250 for its removal\)/,
  ],
  ['renewals that are too rare', ofCluster('renewEveryMs: 601'), /renewEveryMs: three renewals must fit/],
  ['nodes that speak over a network', ofCluster('address: 192.0.2.1'), /address: .*only on loopback/],
  ['addresses without an interface', ofCluster('backEnd: linux'), /interface: .*needs the network interface/],
  ['an interface that gets no address', ofCluster('interface: eth0'), /interface: .*"loopback" puts no addresses/],
  ['a name that no interface has', ofCluster('backEnd: linux\n  interface: eth0/1'), /interface: expected the name/],
  ['a fence that is not there', ofCluster('fencing: soft'), /fencing: .*has no fences/],
  [
    'plain text to a member elsewhere',
    'cluster: {endpoints: ["http://192.0.2.1:2379"]}',
    /endpoints: http:\/\/192\.0\.2\.1:2379 is plain text to another machine/,
  ],
  ['one address of many', ofCluster(`address: 0.0.0.0\n  ${tls}`), /cluster\.address: other nodes must be told one/],
  [
    'plain text between members on two machines',
    ofCluster(
      `member: {clientUrl: "http://127.0.0.1:1", peerUrl: "http://192.0.2.1:2", initialCluster: {b: "http://192.0.2.1:2"}}\n  ${tls}`,
    ),
    /member: http:\/\/192\.0\.2\.1:2 is plain text to another machine/,
  ],
  [
    'a member with https and no certificate',
    ofCluster(
      'member: {clientUrl: "https://127.0.0.1:1", peerUrl: "http://127.0.0.1:2", initialCluster: {b: "http://127.0.0.1:2"}}',
    ),
    /member: https needs the certificates of cluster\.tls/,
  ],
  ['a certificate without its key', ofCluster('tls: {ca: a, certificate: b}'), /cluster\.tls\.key/],
  ['an endpoint that is none', 'cluster: {endpoints: [etcd]}', /expected http\(s\):\/\/host:port/],
  [
    'a member that is not in its own cluster',
    ofCluster(
      'member: {clientUrl: "http://127.0.0.1:1", peerUrl: "http://127.0.0.1:2", initialCluster: {b: "http://127.0.0.1:3"}}',
    ),
    /member: initialCluster does not hold this member's peerUrl/,
  ],
  [
    'a zone twice',
    ofCluster(`dnsUpdate: [${zoneText('example.com')}, ${zoneText('EXAMPLE.com')}]`),
    /dnsUpdate: the zone example\.com is there twice/,
  ],
  [
    'a zone at a name',
    ofCluster(`dnsUpdate: [${zoneText('example.com', 'ns.example.com')}]`),
    /server: expected an IP address/,
  ],
  ['a syntax error has its place', 'log:\n  level: "info\n', /^test\.yaml:\d+:\d+: Missing closing "quote/],
  ['a key twice', 'log: {level: info}\nlog: {level: warn}', 'test.yaml:2:1: Map keys must be unique'],
  ['an alias of nothing', 'log: *x', /^test\.yaml:1:1: .*x/],
  ['a document that is no map', '- a\n- b', /^test\.yaml:1:1: /],
  [
    'a word where a number belongs',
    'limits:\n  maxConnections: many',
    'test.yaml:2:19: limits.maxConnections: expected a whole number',
  ],
  [
    'a fraction',
    'limits:\n  idleTimeMs: 0.5',
    'test.yaml:2:15: limits.idleTimeMs: expected a whole number of milliseconds',
  ],
  ['a negative duration', 'limits: {idleTimeMs: -1}', 'test.yaml:1:22: limits.idleTimeMs: the least is 1'],
  [
    'a size without a unit that is known',
    'limits:\n  headerBytes: 16 kB',
    /^test\.yaml:2:16: limits\.headerBytes: expected a number of octets, or/,
  ],
  [
    'a size beyond its bound',
    'limits:\n  attributeBytes: 1 MiB',
    'test.yaml:2:19: limits.attributeBytes: the most is 65536 octets',
  ],
  [
    'a misspelt key',
    'limits:\n  maxConections: 5',
    'test.yaml:2:3: limits.maxConections: there is no such key; did you mean "maxConnections"?',
  ],
  ['a key in the wrong case', 'Limits: {}', 'test.yaml:1:1: Limits: there is no such key; did you mean "limits"?'],
  [
    'a misspelt key deep inside',
    'groups:\n  a:\n    printers:\n      p:\n        device: socket://h\n        halfclose: true',
    'test.yaml:6:9: groups.a.printers.p.halfclose: there is no such key; did you mean "halfClose"?',
  ],
  [
    'a key like no other',
    'log:\n  colours: true',
    'test.yaml:2:3: log.colours: there is no such key; known here: level',
  ],
  [
    'several problems at once',
    'log: {level: loud}\nadmin: {port: 99999}',
    /^test\.yaml:1:14: log\.level: /,
    'test.yaml:2:15: admin.port: the most is 65535',
  ],
  [
    'a group name that may not be',
    'groups:\n  "a/b": {}',
    'test.yaml:2:3: groups.a/b: a name is 1 to 127 of the characters A-Z a-z 0-9 _ . - and neither "." nor ".."',
  ],
  [
    'a printer without a device',
    'groups:\n  a:\n    printers:\n      p: {info: x}',
    /^test\.yaml:4:10: groups\.a\.printers\.p\.device: /,
  ],
  [
    'a local device',
    'groups: {a: {printers: {p: {device: "usb:x"}}}}',
    /^test\.yaml:1:37: groups\.a\.printers\.p\.device: usb: is a port of one machine/,
  ],
  [
    'a device port that nobody allowed',
    'groups: {a: {printers: {p: {device: "socket://h:25"}}}}',
    /: port 25 is none that printers use .* devicePorts$/,
  ],
  [
    'a device of two groups',
    'groups:\n  a: {printers: {p: {device: "socket://h"}}}\n  b: {addresses: [127.0.0.2], printers: {q: {device: "lpd://h/x"}}}',
    'test.yaml:3:54: groups.b.printers.q.device: the device h belongs to group a; a device is of one group',
  ],
  [
    'two listeners on one port',
    'groups:\n  a: {}\n  b: {lpd: {ports: [516]}}',
    'test.yaml:3:6: groups.b.ipp.port: IPP of group b on 127.0.0.1 and IPP of group a on 127.0.0.1 both want TCP port 631',
  ],
  [
    'a listener on every address beside another',
    'admin: {address: 0.0.0.0, port: 631}\ngroups: {a: {}}',
    /both want TCP port 631$/,
  ],
  [
    'an LPD port twice',
    'groups: {a: {lpd: {ports: [515, 515]}}}',
    /^test\.yaml:1:33: groups\.a\.lpd\.ports\.1: .* both want TCP port 515$/,
  ],
  [
    'a name of two groups',
    'groups:\n  a: {networkName: P.example, addresses: [127.0.0.2]}\n  b: {aliases: [p.example]}',
    'test.yaml:3:17: groups.b.aliases.0: p.example is a name of group a already',
  ],
  ['a name that no DNS has', 'groups: {a: {networkName: "a_b..c"}}', /groups\.a\.networkName: expected a DNS name/],
  [
    'an SNMP community open to all by silence',
    'groups: {a: {snmp: {community: x}}}',
    'test.yaml:1:20: groups.a.snmp: a community needs allowFrom: the networks that may ask',
  ],
  ['a network with too long a prefix', 'groups: {a: {snmp: {allowFrom: [10.0.0.0/33]}}}', /expected a network such as/],
  [
    'an address that is none',
    'groups: {a: {addresses: [10.0.0.256]}}',
    /^test\.yaml:1:26: groups\.a\.addresses\.0: expected an IP address$/,
  ],
  ['no address', 'groups: {a: {addresses: []}}', /a group listens on one address at least/],
  [
    'more connections for one than for all',
    'limits: {maxConnections: 10}',
    /^test\.yaml:1:9: limits\.maxConnectionsPerAddress: one address cannot have more connections than all have \(maxConnections: 10\)$/,
  ],
  [
    'documents kept longer than jobs',
    'history:\n  keepDocumentsMs: 700000000',
    /^test\.yaml:2:20: history\.keepDocumentsMs: documents cannot be kept longer than their jobs are/,
  ],
  [
    'more documents than jobs kept',
    'history: {keepHistoryCount: 5}',
    /^test\.yaml:1:10: history\.keepDocumentsCount: /,
  ],
  ['a name that objects cannot carry', 'groups: {__proto__: {}}', 'test.yaml:1:10: "__proto__" cannot be a name'],
];

for (const [what, text, ...problems] of refused)
  t.test(`refused with its place: ${what}`, async (t) => {
    const found = problemsOf(text);
    t.equal(found.length, problems.length, found.join('\n'));
    for (const [index, expected] of problems.entries()) t.match(found[index], expected);
  });

t.test('groups and printers come in the order of the file, with defaults of the jobs section', async (t) => {
  const config = parseConfig(
    `
jobs: { maxAttempts: 7 }
devicePorts: [2501]
groups:
  zoo:
    networkName: Zoo.Example
    printers:
      b: { device: 'socket://H.example:2501/', lock: port }
      a: { device: 'lpd://10.0.0.9/q', maxAttempts: 1, interrupted: hold, localAddress: 10.0.0.1 }
  ark: { addresses: [127.0.0.2, '::1'] }
`,
    'test.yaml',
  );
  t.same(
    config.groups.map(({ name }) => name),
    ['zoo', 'ark'],
  );
  const [zoo] = config.groups;
  t.equal(zoo?.networkName, 'zoo.example');
  t.same(
    zoo?.printers.map(({ name, deviceUri, maxAttempts, interrupted }) => [name, deviceUri, maxAttempts, interrupted]),
    [
      ['b', 'socket://h.example:2501', 7, 'restart'],
      ['a', 'lpd://10.0.0.9/q', 1, 'hold'],
    ],
  );
  t.equal(zoo?.printers[0]?.device.lock, 'port');
  t.notOk('localAddress' in (zoo?.printers[0]?.device ?? {}), 'what was not given is absent');
  t.equal(zoo?.printers[1]?.device.localAddress, '10.0.0.1');
});

t.test('sizes may be given in words', async (t) => {
  const { limits } = parseConfig('limits: {maxDocumentBytes: 3GiB, headerBytes: 4096, diskReserveBytes: 0}', 'x');
  t.equal(limits.maxDocumentBytes, 3 * 2 ** 30);
  t.equal(limits.headerBytes, 4096);
  t.equal(limits.diskReserveBytes, 0);
});

t.test('every default of a size is a number', async (t) => {
  const { limits, history } = parseConfig('', 'x');
  for (const [key, value] of [...Object.entries(limits), ...Object.entries(history)]) t.type(value, 'number', key);
});

t.test('the result is frozen all through', async (t) => {
  const open: string[] = [];
  const look = (value: unknown, where: string): void => {
    if (typeof value !== 'object' || value === null) return;
    if (!Object.isFrozen(value)) open.push(where);
    for (const [key, inner] of Object.entries(value)) look(inner, `${where}.${key}`);
  };
  look(await loadConfig({ env: {} }), 'config');
  look(parseConfig('groups: {a: {printers: {p: {device: "ipp://h/ipp/print"}}}}', 'x'), 'config');
  t.same(open, []);
});

t.test('durations end in Ms', async (t) => {
  const keys: string[] = [];
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      keys.push(key);
      collect(inner);
    }
  };
  collect(await loadConfig({ env: {} }));
  t.same(
    keys.filter(
      (key) => /time|timeout|delay|interval|after$|keep(?!.*(Count|Bytes))/i.test(key) && !key.endsWith('Ms'),
    ),
    [],
  );
});

t.test('without a file it is the quick start', async (t) => {
  const config: Config = await loadConfig({ env: {} });
  const [group, ...others] = config.groups;
  t.same(others, []);
  t.match(group, {
    name: 'print',
    addresses: ['127.0.0.1'],
    ipp: { port: 8631 },
    lpd: { ports: [8515], optionalPorts: [515] },
    snmp: { port: 8161, community: 'public', allowFrom: ['127.0.0.0/8'] },
    printers: [{ name: 'demo', deviceUri: 'socket://127.0.0.1' }],
  });
  t.same(config.admin, { address: '127.0.0.1', port: 8630 });
  t.equal(config.stateDirectory, path.resolve('spool'));
});

t.test('what is given goes before the environment, and that before the file', async (t) => {
  const folder = t.testdir();
  const file = path.join(folder, 'a.yaml');
  await writeFile(file, 'stateDirectory: there\nlog: {level: warn}\n');
  const env = { PLATEN_CONFIG: file };
  t.equal((await loadConfig({ env })).stateDirectory, path.join(folder, 'there'));
  t.equal((await loadConfig({ file, env: {} })).log.level, 'warn');
  t.equal((await loadConfig({ env: { ...env, PLATEN_STATE: '/s', PLATEN_LOG: 'error' } })).stateDirectory, '/s');
  t.equal((await loadConfig({ env: { ...env, PLATEN_LOG: 'error' } })).log.level, 'error');
  t.equal((await loadConfig({ stateDirectory: '/t', env: { ...env, PLATEN_STATE: '/s' } })).stateDirectory, '/t');
  await t.rejects(loadConfig({ env: { PLATEN_LOG: 'loud' } }), {
    message: /^environment: PLATEN_LOG: "loud" is none of/,
  });
  await t.rejects(loadConfig({ file: path.join(folder, 'none.yaml'), env: {} }), {
    name: 'ConfigError',
    message: /none\.yaml: the file cannot be read: ENOENT/,
  });
});
