// The agent as Net-SNMP's own tools see it. Object identifiers are numbers: the tools' MIB files are not always installed.

import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import t from 'tap';
import { openSession, get, printer, startAgent } from '../support/snmp-agent.js';

const run = promisify(execFile);

/** What `tool` says on standard error when it fails. */
const failure = async (asked: Promise<unknown>): Promise<string> => {
  try {
    await asked;
  } catch (error) {
    return String((error as { stderr?: string }).stderr);
  }
  throw new Error('it did not fail');
};
const tools = ['snmpget', 'snmpgetnext', 'snmpwalk', 'snmpbulkwalk', 'snmpset'] as const;
const missing = tools.filter((tool) => spawnSync(tool, ['-V']).error !== undefined);
const options = missing.length > 0 ? { skip: `${missing.join(', ')} not installed` } : {};

const name = '.1.3.6.1.2.1.43.5.1.1.16';
const printers = Array.from({ length: 60 }, (_, i) => printer(`printer-${String(i + 1).padStart(2, '0')}`));

/** Lines of `tool`, asked over loopback. */
const ask = async (tool: (typeof tools)[number], port: number, ...rest: readonly string[]): Promise<string[]> => {
  const common = ['-m', '', '-On', '-Oe', '-r', '0', '-t', '2', '-c', 'public'];
  const [version = '-v2c', ...more] = rest;
  const { stdout } = await run(tool, [version, ...common, `127.0.0.1:${port}`, ...more]);
  return stdout.trimEnd().split('\n');
};

t.test('snmpget reads single values', options, async (t) => {
  const { port } = await startAgent(t, printers);
  t.same(await ask('snmpget', port, '-v2c', '.1.3.6.1.2.1.25.3.5.1.1.1', `${name}.2`, '.1.3.6.1.2.1.1.5.0'), [
    '.1.3.6.1.2.1.25.3.5.1.1.1 = INTEGER: 3',
    `${name}.2 = STRING: "printer-02"`,
    '.1.3.6.1.2.1.1.5.0 = STRING: "sales"',
  ]);
  t.same(await ask('snmpget', port, '-v1', '.1.3.6.1.2.1.25.3.5.1.2.1'), [
    '.1.3.6.1.2.1.25.3.5.1.2.1 = Hex-STRING: 00 00',
  ]);
  t.match(await ask('snmpget', port, '-v2c', `${name}.61`), [/No Such Instance/]);
});

t.test('snmpwalk and snmpbulkwalk see the same, to the end', options, async (t) => {
  const running = await startAgent(t, printers);
  const { port, clock } = running;
  const byNext = await ask('snmpwalk', port, '-v1', name);
  t.equal(byNext.length, 60);
  t.equal(byNext.at(-1), `${name}.60 = STRING: "printer-60"`);
  t.same(await ask('snmpbulkwalk', port, '-v2c', name), byNext);
  await clock.advance(60_000);
  const all = await ask('snmpbulkwalk', port, '-v2c', '.1');
  t.match(all.pop(), /No more variables left/);
  t.equal(all.length, 7 + 60 * 22);
});

t.test('snmpset is refused', options, async (t) => {
  const { port } = await startAgent(t, printers);
  t.match(await failure(ask('snmpset', port, '-v2c', '.1.3.6.1.2.1.43.5.1.1.3.1', 'i', '4')), /notWritable/);
  t.match(await failure(ask('snmpset', port, '-v1', '.1.3.6.1.2.1.43.5.1.1.3.1', 'i', '4')), /noSuchName/);
});

t.test('another community is not answered', options, async (t) => {
  const { port, agent } = await startAgent(t, printers, { community: 'other' });
  t.match(await failure(ask('snmpget', port, '-v2c', `${name}.1`)), /Timeout/);
  t.same(agent.counts, { answered: 0, refused: 1, limited: 0, malformed: 0 });
  t.match(await get(openSession(t, { port, community: 'other' }), `${name.slice(1)}.1`), [{}]);
});
