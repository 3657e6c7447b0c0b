// The scripts that stand before everything else: what npm test makes of tap's output.

import path from 'node:path';
import t from 'tap';
import { projectRoot } from './support/sources.js';

interface Result {
  readonly counts?: { pass: number; fail: number; skip: number };
  readonly skipped: readonly { name: string; reason: string }[];
}
interface TapReaderScript {
  readonly createTapReader: (write: (line: string) => void) => { line(text: string): void; result(): Result };
}
const { createTapReader } = (await import(path.join(projectRoot, 'scripts', 'tap-reader.js'))) as TapReaderScript;

const read = (output: string): Result & { written: string[] } => {
  const written: string[] = [];
  const reader = createTapReader((line) => written.push(line));
  for (const line of output.split('\n')) reader.line(line);
  return { ...reader.result(), written };
};

const failing = `TAP version 14
1..2
# Subtest: dist/test/a.test.js
    # Subtest: outer
        # Subtest: inner
            not ok 1 - an assert
              ---
              diff: |
                not ok 9 - not a test point
              ...
            
            ok 2 - the other
            1..2
        not ok 1 - inner # time=1ms
          ---
          at:
            lineNumber: 2
          ...
        
        1..1
    not ok 1 - outer # time=2ms
      ---
      at:
        lineNumber: 1
      ...
    
    # Subtest: thrower
        not ok 1 - boom
          ---
          stack: here
          ...
        
        1..1
    not ok 2 - thrower # time=1ms
      ---
      at: there
      ...
    
    ok 3 - needs a peer # SKIP ipptool is not installed
    ok 4 - some day # TODO later
    1..4
not ok 1 - dist/test/a.test.js # time=5ms
  ---
  exitCode: 1
  ...

# Subtest: dist/test/b.test.js
    hello from a test
not ok 2 - dist/test/b.test.js # time=9ms
  ---
  signal: SIGKILL
  ...

# { total: 9, pass: 4, fail: 3, todo: 1, skip: 1 }
# time=99ms`;

t.test('failures are shown once, where they happened, with their diagnosis', async (t) => {
  const { written, counts, skipped } = read(failing);
  t.same(written, [
    'FAILED dist/test/a.test.js > outer > inner > an assert',
    '    diff: |',
    '      not ok 9 - not a test point',
    'FAILED dist/test/a.test.js > thrower > boom',
    '    stack: here',
    'failed dist/test/a.test.js  5ms',
    'FAILED dist/test/b.test.js',
    '    signal: SIGKILL',
  ]);
  t.same(counts, { pass: 4, fail: 3, skip: 2 });
  t.same(skipped, [{ name: 'dist/test/a.test.js > needs a peer', reason: 'ipptool is not installed' }]);
});

t.test('counts that are zero are left out by tap', async (t) => {
  t.same(read('# { total: 4, pass: 4 }').counts, { pass: 4, fail: 0, skip: 0 });
  t.same(read('# { total: 7, pass: 4, fail: 1, skip: 2 }').counts, { pass: 4, fail: 1, skip: 2 });
});

t.test('without the closing line there is no sum', async (t) => {
  t.equal(read('TAP version 14\nok 1 - dist/test/a.test.js # time=1ms\n').counts, undefined);
  t.equal(read('    # { total: 1, pass: 1 }').counts, undefined, "a test's own output is not it");
});
