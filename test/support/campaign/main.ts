// `npm run campaign:crash -- --runs N --seed S`: so many runs, judged one by one; each is added to the evidence, failed histories are kept.

import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { check } from './check.js';
import { countsOf } from './counts.js';
import { commit, keepFailed, readEvidence, writeEvidence } from './evidence.js';
import type { History } from './history.js';
import { crashRun } from './run.js';

const usage = `Usage: npm run campaign:crash -- [options]

Kills a node under load, again and again, and checks that it kept its promises.

  --runs N          runs, numbered from 1 (default: 3)
  --seed S          letters and digits (default: the day); the same seed plans the same load and kills
  --evidence FILE   where results go (default: test/evidence/crash.json); runs that are in it are not done again
  --failed DIR      where histories of failed runs go (default: .tap/crash)
  --check FILE      judges a stored history and runs nothing
  --help            this text
`;

const read = (argv: readonly string[]) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      runs: { type: 'string', default: '3' },
      seed: { type: 'string', default: new Date().toISOString().slice(0, 10).replaceAll('-', '') },
      evidence: { type: 'string', default: path.join('test', 'evidence', 'crash.json') },
      failed: { type: 'string', default: path.join('.tap', 'crash') },
      check: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (!/^\d{1,5}$/.test(values.runs)) throw new Error('--runs takes a whole number');
  if (!/^[A-Za-z0-9]{1,20}$/.test(values.seed)) throw new Error('--seed takes up to 20 letters and digits');
  return { ...values, runs: Number(values.runs) };
};

const judge = (file: string): number => {
  const breaches = check(JSON.parse(readFileSync(file, 'utf8')) as History);
  for (const { rule, text } of breaches) process.stdout.write(`${rule}: ${text}\n`);
  process.stdout.write(`${breaches.length} breaches\n`);
  return breaches.length === 0 ? 0 : 1;
};

const main = async (argv: readonly string[]): Promise<number> => {
  const options = read(argv);
  const { seed, runs } = options;
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  if (options.check !== undefined) return judge(options.check);
  let failures = 0;
  for (let run = 1; run <= runs; run += 1) {
    const before = readEvidence(options.evidence);
    if (before.runs.some((one) => one.seed === seed && one.run === run)) continue;
    const directory = await mkdtemp(path.join(tmpdir(), 'platen-crash-'));
    let history: History;
    try {
      history = await crashRun({ seed, run, directory });
    } catch (error) {
      failures += 1;
      process.stdout.write(`${seed} ${run}: ${(error as Error).message}; the node's files are in ${directory}\n`);
      continue;
    }
    const breaches = check(history);
    const counts = { ...countsOf(history), breaches: breaches.length };
    process.stdout.write(`${seed} ${run}: ${JSON.stringify(counts)}\n`);
    if (breaches.length === 0) await rm(directory, { recursive: true });
    else {
      failures += 1;
      for (const { rule, text } of breaches.slice(0, 20)) process.stdout.write(`  ${rule}: ${text}\n`);
      const kept = keepFailed(options.failed, `${seed}-${run}`, { ...history, breaches });
      process.stdout.write(`  seed ${seed}, run ${run}; its history is in ${kept}, its node's files in ${directory}\n`);
    }
    const evidence = readEvidence(options.evidence);
    evidence.runs.push({ seed, run, commit: commit(), ...counts });
    writeEvidence(options.evidence, evidence);
  }
  const all = readEvidence(options.evidence).runs.filter((one) => one.seed === seed);
  const broken = all.filter(({ breaches }) => breaches !== 0).length;
  process.stdout.write(`${all.length} runs on record with seed ${seed}, ${broken} with a breach\n`);
  return failures === 0 ? 0 : 1;
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`campaign:crash: ${(error as Error).message}\n`);
  process.exitCode = 2;
}
