// What is said of an address, when, and what is heard.

import t from 'tap';
import { silentLog } from '../../../lib/platform/log.js';
import { Announcer } from '../../../lib/supervisor/addresses/announcer.js';
import { FakeClock, settle } from '../../support/fake-clock.js';

const one = '192.0.2.1';

const lab = () => {
  const clock = new FakeClock();
  const said: number[] = [];
  const conflicts: string[] = [];
  const state = { foreign: undefined as string | undefined, running: 0 };
  const announcer = new Announcer({
    neighbours: {
      // As `arping`: it waits a second for answers, unless it is ended.
      announce: async (_address, _n, signal) => {
        said.push(clock.monotonic());
        state.running += 1;
        await clock.sleep(1_000, signal);
        state.running -= 1;
        return { status: 0, stdout: '', stderr: '' };
      },
      probe: async () => state.foreign,
    },
    clock,
    log: silentLog,
    onForeign: (address, hardware) => conflicts.push(`${address} ${hardware}`),
  });
  return { clock, said, conflicts, state, announcer };
};

t.test('an address is announced at 0, 0.2, 0.5, 1 and 2 s, then every 30 s', async (t) => {
  const { clock, said, announcer } = lab();
  announcer.start(one);
  await clock.advance(70_000);
  t.same(said, [0, 200, 500, 1_000, 2_000, 32_000, 62_000]);
});

t.test('nothing is said of it any more when it was stopped', async (t) => {
  const { clock, said, state, announcer } = lab();
  announcer.start(one);
  await clock.advance(250);
  t.equal(state.running, 2);
  await announcer.stop([one]);
  t.equal(state.running, 0, 'what ran has ended');
  await clock.advance(60_000);
  t.equal(said.length, 2);
  t.equal(clock.pending, 0);
});

t.test('another host that has it is told of, and answered by an announcement', async (t) => {
  const { clock, said, conflicts, state, announcer } = lab();
  announcer.start(one);
  await clock.advance(4_000);
  state.foreign = '02:00:00:00:00:01';
  await clock.advance(1_500);
  t.same(conflicts, [`${one} 02:00:00:00:00:01`]);
  t.equal(said.at(-1), 5_000);
  state.foreign = undefined;
  await clock.advance(20_000);
  await settle();
  t.equal(conflicts.length, 1);
});
