// npm start: installs what is missing, compiles what has changed, and becomes platend. Without a configuration it also starts
// the printer emulator that stands behind the quick start's printer `demo`.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { build } from './build.js';
import { installPackages } from './install.js';
import { become, nodeEnvironment, root } from './project.js';

/** Resolves when it listens; rejects with what it said when it cannot. */
const startEmulator = (stateDirectory) =>
  new Promise((resolve, reject) => {
    const program = path.join(root, 'dist', 'test', 'support', 'printer-emulator-main.js');
    const printed = path.join(stateDirectory, 'printed');
    const options = ['--directory', printed, '--snmp-port', '9161', '--one-at-a-time'];
    const emulator = spawn(process.execPath, [program, ...options], {
      // By the channel it notices our end, however that comes.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    });
    let said = '';
    emulator.stderr.on('data', (chunk) => {
      said += chunk;
    });
    emulator.stdout.on('data', (chunk) => {
      if (String(chunk).startsWith('ready ')) resolve({ emulator, printed });
    });
    emulator.once('exit', () =>
      reject(
        new Error(
          `the printer emulator cannot be started: ${said.trim()}\n` +
            'Is another quick start running? Its ports are fixed; to run a node beside it: npm start -- --config FILE --state DIR',
        ),
      ),
    );
  });

/** Where the quick start keeps its state; undefined when something else is started. Throws when the command line is wrong. */
const quickStartAt = async (given) => {
  const { commandLineOf } = await import('../dist/lib/config/command-line.js');
  const { config, state, help, version } = commandLineOf(given);
  if (help || version || config !== undefined || process.env.PLATEN_CONFIG !== undefined) return undefined;
  return state ?? process.env.PLATEN_STATE ?? path.join(root, 'spool');
};

installPackages();
await build();
const platend = path.join(root, 'dist', 'bin', 'platend.js');
const given = process.argv.slice(2);
try {
  const stateDirectory = await quickStartAt(given);
  const started = stateDirectory === undefined ? undefined : await startEmulator(stateDirectory);
  if (started !== undefined) {
    process.stdout.write(
      `The printer emulator listens on 127.0.0.1:9100; what is printed comes out in ${started.printed}\n`,
    );
    process.once('exit', () => started.emulator.kill());
  }
  process.exitCode = await become(process.execPath, [platend, ...given], nodeEnvironment);
  started?.emulator.kill();
} catch (error) {
  process.stderr.write(`npm start: ${error.message}\n`);
  process.exitCode = 2;
}
