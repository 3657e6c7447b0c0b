import { PassThrough } from 'node:stream';
import { assert, property, string } from 'fast-check';
import t from 'tap';
import { jsonText, printable, Terminal } from '../../lib/cli/terminal.js';

// oxlint-disable-next-line no-control-regex
const control = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

t.test('printable text shows what would be obeyed', async (t) => {
  const cases: readonly [string, string][] = [
    ['plain, ümläut, 日本, 🖨', 'plain, ümläut, 日本, 🖨'],
    ['\u001b[31m', '\\x1b[31m'],
    ['a\r\nb\t', 'a\\x0d\\x0ab\\x09'],
    ['\u009b', '\\x9b'],
    ['\u202e', '\\u202e'],
    ['\ud800x', '\\ud800x'],
  ];
  for (const [text, shown] of cases) t.equal(printable(text), shown);
});

t.test('no text gets a control character through, and JSON means the same', async () => {
  const anyText = string({ unit: 'binary' });
  assert(
    property(anyText, (text) => {
      const json = jsonText({ text });
      return (
        !control.test(printable(text)) &&
        !control.test(json.replaceAll('\n', '')) &&
        (JSON.parse(json) as { text: string }).text === text
      );
    }),
  );
});

t.test('a table lines its columns up, numbers to the right', async (t) => {
  const out = new PassThrough();
  const terminal = new Terminal({ out: out, err: out, colours: true });
  terminal.table(
    ['ID', 'NAME', 'X'],
    [
      [1, 'a\u001b[31m', ''],
      [100, '日本', 'z'],
    ],
  );
  t.equal(String(out.read()), [' ID  NAME       X', '  1  a\\x1b[31m', '100  日本       z', ''].join('\n'));
  terminal.record([
    ['a', 1],
    ['long', 'x\ny'],
    ['none', undefined],
    ['empty', ''],
  ]);
  t.equal(String(out.read()), 'a     1\nlong  x\\x0ay\n');
});
