// `npm run campaign -- --scenario NAME --runs N --seed S`: so many runs of a cluster, judged one by one; each is added to the evidence.

import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Scope } from '../../bench/scope.js';
import { commit, keepFailed, readEvidence, writeEvidence } from '../campaign/evidence.js';
import { breachesOf, lateness, lineOf, summaryOf } from './judge.js';
import { type Scenario, scenarios } from './scenarios.js';

const names = Object.entries(scenarios).map(([name, { what, runs }]) => `  ${name.padEnd(20)}${what} (${runs})`);

const usage = `Usage: npm run campaign -- --scenario NAME [options]

Runs a real cluster on loopback (three members of etcd, three nodes, printers, clients) with a fault or an operator in it, again and
again, and checks that it kept its promises.

${names.join('\n')}

  --scenario NAME   one of these, or "all"
  --runs N          runs, numbered from 1 (default: as many as in brackets)
  --seed S          letters and digits (default: the day)
  --evidence DIR    where results go, a file for each scenario (default: test/evidence/cluster); runs that are in it are not done again
  --failed DIR      where histories of failed runs go (default: .tap/cluster)
  --help            this text
`;

const read = (argv: readonly string[]) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      scenario: { type: 'string' },
      runs: { type: 'string' },
      seed: { type: 'string', default: new Date().toISOString().slice(0, 10).replaceAll('-', '') },
      evidence: { type: 'string', default: path.join('test', 'evidence', 'cluster') },
      failed: { type: 'string', default: path.join('.tap', 'cluster') },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.runs !== undefined && !/^\d{1,5}$/.test(values.runs)) throw new Error('--runs takes a whole number');
  if (!/^[A-Za-z0-9]{1,20}$/.test(values.seed)) throw new Error('--seed takes up to 20 letters and digits');
  return { ...values, runs: values.runs === undefined ? undefined : Number(values.runs) };
};

type Options = ReturnType<typeof read>;

const chosen = (name: string | undefined): readonly (readonly [string, Scenario])[] => {
  if (name === 'all') return Object.entries(scenarios);
  const scenario = name === undefined ? undefined : scenarios[name];
  if (name === undefined || scenario === undefined)
    throw new Error(`--scenario takes ${Object.keys(scenarios).join(', ')} or all`);
  return [[name, scenario]];
};

/** False when it broke a promise, or could not be made. */
const oneRun = async (
  name: string,
  { run: go, withinMs }: Scenario,
  run: number,
  options: Options,
): Promise<boolean> => {
  const { seed, evidence, failed } = options;
  const logs = await mkdtemp(path.join(tmpdir(), 'platen-campaign-'));
  process.env['PLATEN_KEEP_LOGS'] = logs;
  const scope = new Scope();
  const say = (text: string): void => void process.stdout.write(`${name} ${seed} ${run}: ${text}\n`);
  try {
    const result = await go(scope, seed, run);
    const breaches = [...breachesOf(result), ...lateness(result, withinMs)];
    const line = { seed, run, commit: commit(), ...lineOf(result), breaches: breaches.length };
    say(JSON.stringify(line));
    if (breaches.length > 0) {
      for (const { rule, text } of breaches.slice(0, 20)) process.stdout.write(`  ${rule}: ${text}\n`);
      const kept = keepFailed(failed, `${name}-${seed}-${run}`, { ...result, breaches });
      process.stdout.write(`  its history is in ${kept}, the nodes' logs are in ${logs}\n`);
    }
    const file = path.join(evidence, `${name}.json`);
    const before = readEvidence(file);
    before.runs.push(line);
    writeEvidence(file, before);
    return breaches.length === 0;
  } catch (error) {
    say(`${(error as Error).stack}; the nodes' logs are in ${logs}`);
    return false;
  } finally {
    await scope.end();
  }
};

const main = async (argv: readonly string[]): Promise<number> => {
  const options = read(argv);
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  let failures = 0;
  for (const [name, scenario] of chosen(options.scenario)) {
    const file = path.join(options.evidence, `${name}.json`);
    const isDone = (run: number): boolean =>
      readEvidence(file).runs.some((one) => one.seed === options.seed && one.run === run);
    for (let run = 1; run <= (options.runs ?? scenario.runs); run += 1)
      if (!isDone(run) && !(await oneRun(name, scenario, run, options))) failures += 1;
    const { runs } = readEvidence(file);
    const broken = runs.filter(({ breaches }) => breaches !== 0).length;
    process.stdout.write(`${name}: ${runs.length} runs on record, ${broken} with a breach\n`);
    for (const [stage, [least, median, most]] of Object.entries(summaryOf(runs)))
      process.stdout.write(`  ${stage.padEnd(12)}minimum ${least} ms, median ${median} ms, maximum ${most} ms\n`);
  }
  return failures === 0 ? 0 : 1;
};

// An orderly exit, so that what was started ends too.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`campaign: ${(error as Error).message}\n`);
  process.exitCode = 2;
}
