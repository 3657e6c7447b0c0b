import * as fc from 'fast-check';
import t from 'tap';
import { printerText } from '../../lib/ports/printer-text.js';

t.test('what a printer says is fit for a log and a screen', (t) => {
  const cases: readonly [string, string][] = [
    ['media-empty', 'media-empty'],
    ['  Tray 1:\r\nload A4\t', 'Tray 1: load A4'],
    ['\u001b[31mred\u001b[0m', '[31mred [0m'],
    ['a\u202eb\u200bc\u2028d', 'a b c d'],
    ['\ud800x', 'x'],
    ['Größe 紙 🖨', 'Größe 紙 🖨'],
    ['', ''],
  ];
  for (const [said, shown] of cases) t.equal(printerText(said), shown);
  t.equal(printerText('🖨'.repeat(300)), '🖨'.repeat(255));
  t.end();
});

t.test('whatever it says', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (said) => {
      const shown = printerText(said);
      return !/[\p{Cc}\p{Cf}\p{Cs}]/u.test(shown) && Array.from(shown).length <= 255;
    }),
  );
  t.end();
});
