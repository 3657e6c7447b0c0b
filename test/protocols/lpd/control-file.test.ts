import * as fc from 'fast-check';
import t from 'tap';
import { parseControlFile, writeControlFile } from '../../../lib/protocols/lpd/control-file.js';
import { fileName } from '../../../lib/protocols/lpd/names.js';

const parse = (text: string, encoding: BufferEncoding = 'latin1') => parseControlFile(Buffer.from(text, encoding));
const file = (key: string, changes: object = {}) => ({ key, format: 'l', copies: 1, sourceName: '', ...changes });

t.test('texts are read from their lines', async (t) => {
  t.match(parse('Hbox\nPalice\nJletter\nCstaff\nTtitle\nLbanner\n'), {
    host: 'box',
    user: 'alice',
    jobName: 'letter',
    className: 'staff',
    title: 'title',
    banner: 'banner',
    files: [],
  });
});

const fileTables: readonly { name: string; text: string; files: readonly object[] }[] = [
  {
    name: 'one file, the name behind it (BSD, CUPS, Windows)',
    text: 'ldfA001h\nUdfA001h\nNa.txt\n',
    files: [file('A001', { sourceName: 'a.txt' })],
  },
  {
    name: 'one file, the name before it (LPRng)',
    text: 'Na.txt\nldfA001h\nUdfA001h\n',
    files: [file('A001', { sourceName: 'a.txt' })],
  },
  {
    name: 'two files, names behind',
    text: 'ldfA001h\nUdfA001h\nNone\nldfB001h\nUdfB001h\nNtwo\n',
    files: [file('A001', { sourceName: 'one' }), file('B001', { sourceName: 'two' })],
  },
  {
    name: 'two files, names before',
    text: 'None\nfdfA001h\nUdfA001h\nNtwo\nfdfB001h\nUdfB001h\n',
    files: [file('A001', { format: 'f', sourceName: 'one' }), file('B001', { format: 'f', sourceName: 'two' })],
  },
  {
    name: 'repeated lines are copies',
    text: 'ldfA001h\nldfA001h\nldfA001h\nUdfA001h\nNx\n',
    files: [file('A001', { copies: 3, sourceName: 'x' })],
  },
  {
    name: 'copies of a sequence',
    text: 'ldfA001h\nldfB001h\nldfA001h\nldfB001h\n',
    files: [file('A001', { copies: 2 }), file('B001', { copies: 2 })],
  },
  { name: "LPRng's K where the line stands once", text: 'K3\nldfA001h\n', files: [file('A001', { copies: 3 })] },
  {
    name: "LPRng's K beside repeated lines counts once",
    text: 'K3\nldfA001h\nldfA001h\nldfA001h\n',
    files: [file('A001', { copies: 3 })],
  },
  { name: 'a K that is no number', text: 'Kmany\nldfA001h\n', files: [file('A001')] },
  { name: 'a K beyond reason', text: 'K99999999\nldfA001h\n', files: [file('A001', { copies: 9999 })] },
  ...['f', 'l', 'o', 'r', 'v', 'p', 'd', 'n', 't', 'c', 'g', 'k'].map((format) => ({
    name: `format ${format}`,
    text: `${format}dfA001h\n`,
    files: [file('A001', { format })],
  })),
  {
    name: 'lines for no good',
    text: 'U../../etc/passwd\nS1 2\nMroot\nI4\nW132\n1R\n2I\n3B\n4S\nXAIX\nQqueue\nA1\nldfA001h\n',
    files: [file('A001')],
  },
  { name: 'print lines that name no data file', text: 'l/etc/passwd\nlcfA001h\nl\nldfA1h\n', files: [] },
  { name: 'line ends of Windows', text: 'Hbox\r\nldfA001h\r\nNa\r\n', files: [file('A001', { sourceName: 'a' })] },
  { name: 'no line end at the end', text: 'ldfA001h', files: [file('A001')] },
  { name: 'nothing', text: '', files: [] },
];
for (const { name, text, files } of fileTables)
  t.test(`the files of a control file: ${name}`, async (t) => t.strictSame(parse(text).files, files));

t.test('text is UTF-8 where it can be, else ISO 8859-1, without control characters', async (t) => {
  t.equal(parse('J\xe9t\xe9\n').jobName, 'été');
  t.equal(parse('Jété €\n', 'utf8').jobName, 'été €');
  t.equal(parse('Ja\x1b[2Jb\x7f\tc\0\x85\n').jobName, 'a[2Jbc');
  t.equal(parse('Hbox\r\n').host, 'box');
});

t.test('long names survive', async (t) => {
  const control = parse(
    `H${'h'.repeat(31)}\nP${'p'.repeat(31)}\nJ${'j'.repeat(150)}\nldfA001${'h'.repeat(31)}\nN${'n'.repeat(131)}\n`,
  );
  t.match(control, {
    host: 'h'.repeat(31),
    jobName: 'j'.repeat(150),
    files: [file('A001', { sourceName: 'n'.repeat(131) })],
  });
});

t.test('we write what RFC 1179 allows', async (t) => {
  const written = writeControlFile({
    host: 'print.example.org',
    user: 'alice',
    jobName: `bad\nname ${'é'.repeat(60)}`,
    files: [
      { name: 'dfA007print', sourceName: 'a' },
      { name: 'dfB007print', sourceName: 'b' },
    ],
    copies: 2,
  });
  t.equal(
    Buffer.from(written).toString(),
    `Hprint.example.org\nPalice\nJbadname ${'é'.repeat(45)}\nldfA007print\nNa\nldfB007print\nNb\nldfA007print\nldfB007print\nUdfA007print\nUdfB007print\n`,
  );
});

t.test('what our client writes, our server reads', async (t) => {
  const word = fc.string({ unit: 'binary', maxLength: 7 }).map((text) => text.replace(/\p{Cc}|\p{Cs}/gu, ''));
  fc.assert(
    fc.property(
      word,
      word,
      fc.array(word, { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 9 }),
      (user, jobName, names, copies) => {
        const files = names.map((sourceName, index) => ({
          name: fileName('data', { index, number: 998, host: 'h' }),
          sourceName,
        }));
        const read = parseControlFile(writeControlFile({ host: 'h', user, jobName, files, copies }));
        t.strictSame([read.host, read.user, read.jobName], ['h', user, jobName]);
        t.strictSame(
          read.files.map((file) => [file.sourceName, file.copies]),
          names.map((name) => [name, copies]),
        );
      },
    ),
    { numRuns: 200 },
  );
});

t.test('file names are unique beyond 52 documents and keep to 31 characters of host', async (t) => {
  const names = Array.from({ length: 120 }, (_, index) =>
    fileName('data', { index, number: 999, host: 'a b/c'.padEnd(60, 'x') }),
  );
  t.equal(new Set(names).size, 120);
  t.equal(names[0], `dfA999abc${'x'.repeat(28)}`);
  t.equal(names[52]?.slice(0, 6), 'dfA000');
});
