import * as fc from 'fast-check';
import t from 'tap';
import { writePjl } from '../../../lib/protocols/pjl/command-writer.js';
import { PjlStatusReader, type PjlStatus } from '../../../lib/protocols/pjl/status-reader.js';
import { PjlCommands } from '../../support/pjl-commands.js';

const readWhole = (text: string | Buffer): PjlStatus[] =>
  new PjlStatusReader().push(Buffer.from(text as string, 'latin1'));

const readBytewise = (text: string): PjlStatus[] => {
  const reader = new PjlStatusReader();
  return [...Buffer.from(text, 'latin1')].flatMap((octet) => reader.push(Buffer.of(octet)));
};

const device = { kind: 'device', code: 10_006, display: '16 TONER LOW', online: true };

const cases: readonly [string, string, readonly object[]][] = [
  ['a device report', '@PJL USTATUS DEVICE\r\nCODE=10006\r\nDISPLAY="16 TONER LOW"\r\nONLINE=TRUE\r\n\f', [device]],
  [
    'the answer to INFO STATUS, without carriage returns',
    '@PJL INFO STATUS\nCODE=40021\nDISPLAY="COVER OPEN"\nONLINE=FALSE\n\f',
    [{ kind: 'device', code: 40_021, display: 'COVER OPEN', online: false }],
  ],
  [
    'a timed report without a display',
    '@PJL USTATUS TIMED\r\nCODE=10001\r\n\f',
    [{ kind: 'device', code: 10_001, display: '' }],
  ],
  [
    'a job start',
    '@PJL USTATUS JOB\r\nSTART\r\nNAME="letter"\r\n\f',
    [{ kind: 'job', event: 'START', name: 'letter' }],
  ],
  [
    'a job end with its pages',
    '@PJL USTATUS JOB\r\nEND\r\nNAME="a=b"\r\nPAGES=26\r\n\f',
    [{ kind: 'job', event: 'END', name: 'a=b', pages: 26 }],
  ],
  ['a canceled job', '@PJL USTATUS JOB\r\nCANCELED\r\nID=5\r\n\f', [{ kind: 'job', event: 'CANCELED', name: '' }]],
  ['a page', '@PJL USTATUS PAGE\r\n17\r\n\f', [{ kind: 'page', page: 17 }]],
  ['an echo', '@PJL ECHO Platen 7 1\r\n\f', [{ kind: 'echo', text: 'Platen 7 1' }]],
  [
    'an identification',
    '@PJL INFO ID\r\n"LASERJET 4"\r\n\f',
    [{ kind: 'info', category: 'ID', lines: ['LASERJET 4'] }],
  ],
  [
    'two messages and the start of a third',
    '@PJL ECHO a\r\n\f@PJL ECHO b\r\n\f@PJL ECHO',
    [{ text: 'a' }, { text: 'b' }],
  ],
  ['a message whose predecessor has no form feed', '@PJL ECHO a\r\n@PJL ECHO b\r\n\f', [{ text: 'a' }, { text: 'b' }]],
  ['what follows a PostScript error', '%%[ PrinterError: out of paper ]%%\r\n@PJL ECHO a\r\n\f', [{ text: 'a' }]],
  [
    'control characters in a display',
    '@PJL USTATUS DEVICE\r\nCODE=1\r\nDISPLAY="\x1b[2JA\x00\x9bB"\r\n\f',
    [{ display: '[2JAB' }],
  ],
  [
    'a message beyond the limit, then another',
    `@PJL ECHO ${'x'.repeat(20_000)}\r\n\f@PJL ECHO b\r\n\f`,
    [{ text: 'b' }],
  ],
  [
    'nothing that makes sense',
    '\f\f@PJL\f@PJL \f@PJL USTATUS\f@PJL USTATUS PAGE\r\nx\r\n\f@PJLECHO a\f@PJL USTATUS DEVICE\r\nCODE=-1\f',
    [],
  ],
];

for (const [name, text, expected] of cases)
  t.test(`reads ${name}`, async (test) => {
    test.match(readWhole(text), expected);
    test.equal(readWhole(text).length, expected.length);
    test.same(readBytewise(text), readWhole(text), 'octet by octet');
  });

t.test('long texts are cut', async (test) => {
  const [status] = readWhole(`@PJL ECHO ${'x'.repeat(9_000)}\r\n\f`);
  test.match(status, { kind: 'echo', text: 'x'.repeat(255) });
});

t.test('damaged messages never throw, never depend on the pieces, and never carry control characters', async (test) => {
  const valid = fc.constantFrom(...cases.map(([, text]) => text).filter((text) => text.length < 1_000));
  const damage = fc.array(fc.tuple(fc.nat(400), fc.nat(255), fc.nat(2)), { maxLength: 8 });
  const damaged = fc.tuple(fc.array(valid, { minLength: 1, maxLength: 3 }), damage).map(([parts, changes]) => {
    const bytes = [...Buffer.from(parts.join(''), 'latin1')];
    for (const [at, octet, how] of changes)
      bytes.splice(at % (bytes.length + 1), how === 0 ? 1 : 0, ...(how === 2 ? [] : [octet]));
    return Buffer.from(bytes).toString('latin1');
  });
  fc.assert(
    fc.property(damaged, (text) => {
      const whole = readWhole(text);
      for (const octet of JSON.stringify(whole).replaceAll('\\n', '')) if (octet < ' ') return false;
      return !/\\u00[0189]/.test(JSON.stringify(whole)) && JSON.stringify(readBytewise(text)) === JSON.stringify(whole);
    }),
    { numRuns: 5_000 },
  );
  test.pass('5,000 damaged streams');
});

t.test('a gigabyte of nothing costs no memory', async (test) => {
  const reader = new PjlStatusReader();
  const garbage = Buffer.alloc(1 << 20, '@PJL INFO ');
  const before = process.memoryUsage().rss;
  for (let times = 0; times < 1024; times += 1) reader.push(garbage);
  test.ok(process.memoryUsage().rss - before < 64 << 20);
  test.match(reader.push(Buffer.from('\f@PJL ECHO a\f')), [{ text: 'a' }]);
});

t.test('commands are written as the reference spells them', async (test) => {
  const written = writePjl([
    { command: 'USTATUSOFF' },
    { command: 'USTATUS', variable: 'JOB', value: 'ON' },
    { command: 'INFO', category: 'PAGECOUNT' },
    { command: 'JOB', name: 'letter' },
    { command: 'ECHO', text: 'mark 1' },
    { command: 'EOJ', name: 'letter' },
  ]).toString('latin1');
  test.equal(
    written,
    '\x1b%-12345X@PJL USTATUSOFF\r\n@PJL USTATUS JOB = ON\r\n@PJL INFO PAGECOUNT\r\n@PJL JOB NAME = "letter"\r\n@PJL ECHO mark 1\r\n@PJL EOJ NAME = "letter"\r\n',
  );
});

t.test('no text can end its command or begin another', async (test) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const hostile = `${text}"\r\n\x1b%-12345X@PJL FSDELETE`;
      const commands = new PjlCommands().push(
        writePjl([
          { command: 'JOB', name: hostile },
          { command: 'ECHO', text: hostile },
        ]),
      );
      return commands.length === 2 && /^JOB NAME = "[^"]{0,80}"$/.test(commands[0]!) && commands[1]!.startsWith('ECHO');
    }),
    { numRuns: 1_000 },
  );
  test.pass('1,000 hostile names');
});
