// Whatever a test started ends with it, however the test ends.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import t from 'tap';
import { gone, identify } from './processes.js';

t.test('a stopped program is gone soon after the process that started it was killed', async (t) => {
  const trial = spawn(process.execPath, [path.join(import.meta.dirname, 'leash-trial.js')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(trial.stdout, 'data')) as [Buffer];
  const left = identify(Number(said.toString()));
  t.ok(left, 'it is there');
  trial.kill('SIGKILL');
  t.strictSame(await gone([left!], 15_000), []);
});
