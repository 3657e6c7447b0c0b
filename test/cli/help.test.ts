import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import t from 'tap';
import { createProgram } from '../../lib/cli/program.js';
import { exitCodeHelp, exitCodes } from '../../lib/cli/exit-codes.js';
import { Terminal } from '../../lib/cli/terminal.js';
import { systemClock } from '../../lib/platform/clock.js';

const programWith = (out: PassThrough): Command =>
  createProgram({
    terminal: new Terminal({ out: out, err: out, colours: false }),
    stdin: new PassThrough(),
    env: {},
    clock: systemClock,
    onInterrupt: () => () => {},
    user: 'alice',
  });

const leaves = (command: Command, path: string): readonly [string, Command][] =>
  command.commands.length === 0
    ? [[path, command]]
    : command.commands.flatMap((inner) => leaves(inner, `${path} ${inner.name()}`.trim()));

t.test('every command has a description and examples that name it', async (t) => {
  const found = leaves(programWith(new PassThrough()), '');
  t.same(
    found.map(([name]) => name).sort(),
    [
      'events',
      ...['cancel', 'hold', 'list', 'print', 'release', 'restart', 'show'].map((word) => `job ${word}`),
      ...['accept', 'add', 'list', 'pause', 'reject', 'remove', 'resume', 'set', 'show'].map(
        (word) => `printer ${word}`,
      ),
      'status',
      'history',
      ...['init', 'issue', 'list', 'revoke'].map((word) => `ca ${word}`),
      ...['explain', 'status'].map((word) => `cluster ${word}`),
      ...['create', 'list', 'move', 'remove', 'set', 'show'].map((word) => `group ${word}`),
      ...['drain', 'list', 'resume'].map((word) => `node ${word}`),
      ...['add', 'offline', 'online', 'remove'].map((word) => `resource ${word}`),
    ].sort(),
  );
  for (const [name, command] of found) {
    t.not(command.description(), '', name);
    const out = new PassThrough();
    const program = programWith(out);
    await t.rejects(program.parseAsync([...name.split(' '), '--help'], { from: 'user' }), {
      code: 'commander.helpDisplayed',
    });
    const text = String(out.read());
    t.ok(text.includes(`Examples:\n  $ platen ${name}`), name);
    t.match(text, /--json/, `${name} tells of the global options`);
  }
});

t.test('the exit codes are all different and all in the help', async (t) => {
  const codes = Object.values(exitCodes).map(({ code }) => code);
  t.equal(new Set(codes).size, codes.length);
  for (const { code, meaning } of Object.values(exitCodes)) t.ok(exitCodeHelp.includes(`  ${code}  ${meaning}`));
});
