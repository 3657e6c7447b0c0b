// npm run demo:cluster: three nodes on this machine, a printer, a death in the middle of a document. Needs etcd, and no privileges.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { build } from './build.js';
import { installPackages } from './install.js';
import { become, nodeEnvironment, root } from './project.js';

const aside = path.join(root, '.peers', 'usr', 'bin');
const folders = [...(process.env.PATH ?? '').split(':'), '/usr/bin', '/usr/sbin', aside];

if (folders.some((folder) => existsSync(path.join(folder, 'etcd')))) {
  installPackages();
  await build();
  const program = path.join(root, 'dist', 'test', 'demo', 'main.js');
  const env = { ...nodeEnvironment, PATH: folders.join(':') };
  process.exitCode = await become(process.execPath, [program, ...process.argv.slice(2)], env);
} else {
  process.stderr.write(
    'A cluster keeps its table in etcd, and there is none on PATH. On Debian:\n\n  apt-get install --no-install-recommends etcd-server\n\n' +
      'Without root: apt-get download etcd-server && dpkg -x etcd-server_*.deb .peers\n',
  );
  process.exitCode = 2;
}
