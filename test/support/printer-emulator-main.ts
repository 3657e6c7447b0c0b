// The printer emulator as a process of its own: `node dist/test/support/printer-emulator-main.js --directory paper`.
// Prints `ready HOST:PORT` once it listens, then one line of JSON for each job.

import { parseArgs } from 'node:util';
import { startPrinterEmulator, type Behaviour } from './printer-emulator.js';
import { startSnmpResponder } from './printer-emulator-snmp.js';

const usage = `Usage: printer-emulator-main [options]

A network printer (TCP 9100) that keeps each job as a file.

  --directory DIR           where the jobs go as NNNN.prn (default: paper)
  --host ADDRESS            address to listen on (default: 127.0.0.1)
  --port PORT               0: any free port (default: 9100)
  --snmp-port PORT          answer SNMP there (community public); default: no SNMP
  --one-at-a-time           serve one connection, let the others wait
  --bytes-per-second N      read no faster
  --stop-after N            run out of paper after N bytes of a job; SIGUSR2 puts paper in
  --reset-after N           reset the connection after N bytes of a job
  --on-half-close WORD      close (default), reset or ignore
  --no-pjl                  answer no PJL
  --help                    this text
`;

const count = (name: string, text: string | undefined): number => {
  if (text === undefined) return Infinity;
  if (!/^\d+$/.test(text)) throw new Error(`--${name} takes a whole number`);
  return Number(text);
};

const read = (argv: readonly string[]) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      directory: { type: 'string', default: 'paper' },
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '9100' },
      'snmp-port': { type: 'string' },
      'one-at-a-time': { type: 'boolean', default: false },
      'bytes-per-second': { type: 'string' },
      'stop-after': { type: 'string' },
      'reset-after': { type: 'string' },
      'on-half-close': { type: 'string', default: 'close' },
      'no-pjl': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const onHalfClose = (['close', 'reset', 'ignore'] as const).find((word) => word === values['on-half-close']);
  if (onHalfClose === undefined) throw new Error('--on-half-close takes close, reset or ignore');
  const bytesPerSecond = count('bytes-per-second', values['bytes-per-second']);
  if (bytesPerSecond === 0) throw new Error('--bytes-per-second must be 1 or more');
  const behaviour: Partial<Behaviour> = {
    oneAtATime: values['one-at-a-time'],
    bytesPerSecond,
    stopAfter: count('stop-after', values['stop-after']),
    resetAfter: count('reset-after', values['reset-after']),
    onHalfClose,
    pjl: !values['no-pjl'],
  };
  const port = count('port', values.port);
  const snmp = values['snmp-port'];
  const snmpPort = snmp === undefined ? undefined : count('snmp-port', snmp);
  return { help: values.help, snmpPort, options: { host: values.host, port, directory: values.directory, behaviour } };
};

const main = async (argv: readonly string[]): Promise<void> => {
  const { help, snmpPort, options } = read(argv);
  if (help) return void process.stdout.write(usage);
  const emulator = await startPrinterEmulator({
    ...options,
    onJob: (job) => void process.stdout.write(`${JSON.stringify(job)}\n`),
  });
  const snmp =
    snmpPort === undefined
      ? undefined
      : await startSnmpResponder({ printer: emulator, host: options.host, port: snmpPort });
  // The channel, where there is one, breaks when whoever started it is gone.
  const endings = ['SIGINT', 'SIGTERM', 'disconnect'] as const;
  const close = (): void => {
    for (const ending of endings) process.removeListener(ending, close);
    if (process.connected) process.disconnect();
    void Promise.all([emulator.close(), snmp?.close()]);
  };
  for (const ending of endings) process.once(ending, close);
  if (process.send !== undefined && !process.connected) close();
  process.on('SIGUSR2', () => emulator.resume());
  process.stdout.write(`ready ${emulator.host}:${emulator.port}\n`);
};

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`printer-emulator-main: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
