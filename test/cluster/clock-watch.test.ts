import t from 'tap';
import { ClockWatch } from '../../lib/cluster/clock-watch.js';
import { defaultTiming } from '../../lib/cluster/timing.js';
import { FakeClock } from '../support/fake-clock.js';

const late: readonly [by: number, said: string | undefined][] = [
  [0, undefined],
  [900, undefined],
  [920, 'a tick came 0.9s late'],
  [2_000, 'a tick came 2.0s late'],
];
for (const [by, said] of late)
  t.test(`a tick that is ${by} ms late is ${said === undefined ? 'tolerated' : 'the end'}`, async (t) => {
    const clock = new FakeClock();
    const watch = new ClockWatch({ clock, timing: defaultTiming });
    t.equal(watch.tick(), undefined, 'the first tick is not expected');
    watch.expect(300);
    await clock.advance(300 + by);
    t.equal(watch.tick(), said);
  });

t.test('clocks that part by more than 250 ms between two ticks are the end; slow drift is not', async (t) => {
  const clock = new FakeClock();
  let slept = 0;
  const suspendCounting = (): number => clock.monotonic() + slept;
  const watch = new ClockWatch({ clock, timing: defaultTiming, suspendCounting });
  for (const [ms, said] of [
    [0, undefined],
    [250, undefined],
    [500, undefined],
    [900, 'the machine slept for 0.4s'],
    [900, undefined],
  ] as const) {
    slept = ms;
    t.equal(watch.tick(), said);
  }
  watch.restart();
  slept = 9_000;
  t.equal(watch.tick(), undefined, 'what lies behind a new life is forgotten');
});
