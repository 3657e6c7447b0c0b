import t from 'tap';
import { RateFloor } from '../../../lib/intake/lpd/rate-floor.js';

const limits = { minBytesPerSecond: 1000, minRateOverMs: 60_000 };

t.test('a client at the rate is borne for ever', async (t) => {
  const rate = new RateFloor(limits);
  for (let second = 0; second < 100; second += 1) t.ok(rate.note(1_000, 1_000), `second ${second}`);
});

t.test('a client below the rate is found out at the end of the period, not before', async (t) => {
  const rate = new RateFloor(limits);
  for (let second = 1; second < 60; second += 1) t.ok(rate.note(999, 1_000));
  t.notOk(rate.note(999, 1_000));
});

t.test('a fast beginning is no credit for the next period', async (t) => {
  const rate = new RateFloor(limits);
  t.ok(rate.note(1_000_000_000, 60_000));
  t.notOk(rate.note(1, 60_000));
});

t.test('only the time waited for the client counts', async (t) => {
  const rate = new RateFloor(limits);
  for (let chunk = 0; chunk < 100; chunk += 1) t.ok(rate.note(1, 0));
});
