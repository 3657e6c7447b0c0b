// Puts real clients and servers of other makers on this machine, from Debian's packages: tests talk with them. Starts no service.
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isStarted, outputOf, root, run } from './project.js';

/** Package → a program that shows that it is there: its name on PATH, or its place. */
const peers = {
  'cups-client': 'lp',
  'cups-bsd': 'lpr',
  'cups-ipp-utils': 'ipptool',
  'cups-daemon': 'cupsd',
  cups: '/usr/lib/cups/backend-available/socket',
  rlpr: 'rlpr',
  snmp: 'snmpget',
  p910nd: 'p910nd',
  dbus: 'dbus-daemon',
  'avahi-daemon': 'avahi-daemon',
  'avahi-utils': 'avahi-resolve-host-name',
  bind9: 'named',
  'bind9-dnsutils': 'dig',
  iproute2: 'ip',
  nftables: 'nft',
  'iputils-arping': 'arping',
  tcpdump: 'tcpdump',
  strace: 'strace',
  'etcd-server': 'etcd',
};

const aside = path.join(root, '.peers');
const asideFolders = ['usr/bin', 'usr/sbin', 'bin', 'sbin'].map((folder) => path.join(aside, folder));
const systemFolders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

const searched = () => [
  ...new Set([...(process.env.PATH ?? '').split(':'), ...systemFolders, ...asideFolders].filter((name) => name !== '')),
];

const missing = () => {
  const folders = searched();
  const isThere = (program) =>
    program.startsWith('/')
      ? existsSync(program) || existsSync(path.join(aside, program))
      : folders.some((folder) => existsSync(path.join(folder, program)));
  return Object.keys(peers).filter((name) => !isThere(peers[name]));
};

const noninteractive = { DEBIAN_FRONTEND: 'noninteractive' };
const policy = '/usr/sbin/policy-rc.d';

/** While `action` runs, packages that are installed may start nothing; a policy that the machine has stays. */
const withoutServices = (action) => {
  const ours = !existsSync(policy);
  if (ours) {
    writeFileSync(policy, '#!/bin/sh\nexit 101\n');
    chmodSync(policy, 0o755);
  }
  try {
    return action();
  } finally {
    if (ours) rmSync(policy);
  }
};

const haveLists = () => {
  try {
    return readdirSync('/var/lib/apt/lists').some((name) => name.includes('_Packages'));
  } catch {
    return false;
  }
};

/** Installs packages for the whole machine; needs root. */
const installForAll = (packages) => {
  const quiet = { env: noninteractive, stdio: ['ignore', 'ignore', 'inherit'] };
  const update = () => run('apt-get', ['-q', '-y', 'update'], quiet) === 0;
  const install = () =>
    withoutServices(() => run('apt-get', ['-q', '-y', 'install', '--no-install-recommends', ...packages], quiet)) === 0;
  if (!haveLists()) return update() && install();
  return install() || (update() && install());
};

const isInstalled = (name) => outputOf('dpkg-query', ['-W', '-f=${db:Status-Abbrev}', name])?.startsWith('ii') ?? false;

/** The packages, and all that they need and the machine has not. */
const withDependencies = (packages) => {
  const without = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'].map(
    (kind) => `--no-${kind}`,
  );
  const listing = outputOf('apt-cache', ['depends', '--recurse', ...without, ...packages]) ?? '';
  const names = listing.split('\n').filter((line) => /^[a-z0-9]/.test(line));
  return [...new Set(names)].filter((name) => packages.includes(name) || !isInstalled(name));
};

/** Unpacks packages in .peers/ of the project; needs no rights, only apt's lists. */
export const unpackAside = (packages) => {
  const archives = path.join(aside, 'archives');
  mkdirSync(archives, { recursive: true });
  for (const name of withDependencies(packages)) outputOf('apt-get', ['-q', 'download', name], { cwd: archives });
  for (const archive of readdirSync(archives)) run('dpkg', ['-x', path.join(archives, archive), aside]);
  rmSync(archives, { recursive: true });
};

const libraryFolders = () =>
  ['usr/lib', 'lib'].flatMap((folder) => {
    const full = path.join(aside, folder);
    if (!existsSync(full)) return [];
    return [
      full,
      ...readdirSync(full)
        .filter((name) => name.endsWith('-linux-gnu'))
        .map((name) => path.join(full, name)),
    ];
  });

/** What programs need to be found, with their libraries and data. */
const environment = () => {
  const env = {
    PATH: searched()
      .filter((folder) => existsSync(folder))
      .join(':'),
  };
  if (!existsSync(aside)) return env;
  const libraries = [...libraryFolders(), process.env.LD_LIBRARY_PATH ?? '']
    .filter((folder) => folder !== '')
    .join(':');
  const cupsData = path.join(aside, 'usr/share/cups');
  return { ...env, LD_LIBRARY_PATH: libraries, ...(existsSync(cupsData) ? { CUPS_DATADIR: cupsData } : {}) };
};

/** Does nothing where every peer is there. What cannot be had is said; its tests are skipped. Returns the environment to use. */
export const installPeers = () => {
  const wanted = missing();
  if (wanted.length === 0) return environment();
  process.stdout.write(`installing from Debian, for tests: ${wanted.join(' ')}\n`);
  if (!searched().some((folder) => existsSync(path.join(folder, 'apt-get'))))
    process.stdout.write('there is no apt-get here\n');
  else if (process.getuid() === 0) installForAll(wanted);
  else unpackAside(wanted);
  const still = missing();
  if (still.length > 0) process.stdout.write(`not installed, so their tests are skipped: ${still.join(' ')}\n`);
  return environment();
};

if (isStarted(import.meta.url)) installPeers();
