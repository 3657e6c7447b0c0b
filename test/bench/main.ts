// npm run bench: measures one node beside the peer, in the same run, and prints a table. See --help.

import { availableParallelism, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { whyNoCups } from './cups.js';
import { createRate, sequentialRate } from './disk.js';
import { markdown, rounded, type RowResult } from './report.js';
import { acceptRow } from './rows/accept.js';
import { attributesRow } from './rows/attributes.js';
import { getJobsRow } from './rows/get-jobs.js';
import { largeJobRow } from './rows/large-job.js';
import { printRow } from './rows/print.js';
import { replicatedHungRow, replicatedRow } from './rows/replicated.js';
import type { Row } from './rows/row.js';
import { startRow } from './rows/start.js';
import { scoped, workFolder } from './scope.js';

const rows: readonly Row[] = [
  acceptRow(64),
  acceptRow(8),
  printRow,
  attributesRow,
  getJobsRow,
  largeJobRow,
  startRow,
  replicatedRow,
  replicatedHungRow,
];

const usage = `Usage: npm run bench -- [options]

Measures one node of Platen on loopback, and CUPS beside it where cupsd is installed and the caller is root.

  --rows A,B    only these rows: ${rows.map(({ name }) => name).join(', ')}
  --quick       small and short: shows that the measurements work
  --no-peer     without CUPS
  --json        JSON in place of the table
  --help        this text

Exit status: 0 every row reached what is wanted (with --quick: was measured), 1 one did not, 2 usage.
`;

const chosen = (names: string | undefined): readonly Row[] => {
  if (names === undefined) return rows;
  return names.split(',').map((wanted) => {
    const found = rows.find(({ name }) => name === wanted);
    if (found === undefined) throw new Error(`there is no row ${wanted}`);
    return found;
  });
};

const machineFacts = (quick: boolean): Promise<string> =>
  scoped(async (scope) => {
    const folder = await workFolder(scope);
    const seconds = quick ? 0.2 : 2;
    const single = await createRate(folder, { bytes: 10 << 10, atOnce: 1, seconds });
    const sequential = await sequentialRate(folder, (quick ? 16 : 256) << 20);
    const memory = `${rounded(totalmem() / 2 ** 30)} GiB of memory`;
    const disk = `the disk alone: ${rounded(single)} durable files/s one by one, ${rounded(sequential / 1e6)} MB/s`;
    return `${availableParallelism()} cores, ${memory}, Node.js ${process.versions.node}; ${disk}`;
  });

const read = () => {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string' },
      quick: { type: 'boolean', default: false },
      'no-peer': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return { ...values, wanted: chosen(values.rows) };
};

const readOrSay = (): ReturnType<typeof read> | undefined => {
  try {
    return read();
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n${usage}`);
    return undefined;
  }
};

const main = async (): Promise<number> => {
  const values = readOrSay();
  if (values === undefined) return 2;
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const { quick, wanted } = values;
  const withoutPeer = values['no-peer'] ? 'left out' : whyNoCups();
  const machine = await machineFacts(quick);
  const results: RowResult[] = [];
  for (const row of wanted) {
    process.stderr.write(`measuring ${row.name}\n`);
    results.push(await row.measure({ quick, withoutPeer }));
  }
  process.stdout.write(
    values.json ? `${JSON.stringify({ machine, rows: results }, undefined, 2)}\n` : markdown(results, machine),
  );
  return quick || results.every(({ met }) => met) ? 0 : 1;
};

// An orderly exit, so that what was started ends too.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
process.exitCode = await main();
