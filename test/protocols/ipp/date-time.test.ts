import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import t from 'tap';
import { dateTimeMs, dateTimeOctets } from '../../../lib/protocols/ipp/date-time.js';
import { hex } from '../../support/ipp-builder.js';

t.test('the example of RFC 2579 is read: 1992-5-26 13:30:15.0, 4 hours behind UTC', async (t) => {
  t.equal(dateTimeMs(hex('07c8 05 1a 0d 1e 0f 00 2d 04 00')), Date.UTC(1992, 4, 26, 17, 30, 15));
});

t.test('an offset with minutes east of UTC is read', async (t) => {
  t.equal(dateTimeMs(hex('07ea 01 01 00 0f 00 05 2b 05 1e')), Date.UTC(2025, 11, 31, 18, 45, 0, 500));
});

t.test('a leap second counts as the second after', async (t) => {
  t.equal(dateTimeMs(hex('07e0 0c 1f 17 3b 3c 00 2b 00 00')), Date.UTC(2017, 0, 1));
});

t.test('octets that are no date are undefined', async (t) => {
  const wrong = {
    'ten octets': '07ea 01 01 00 00 00 00 2b 00',
    'month 0': '07ea 00 01 00 00 00 00 2b 00 00',
    'month 13': '07ea 0d 01 00 00 00 00 2b 00 00',
    'day 0': '07ea 01 00 00 00 00 00 2b 00 00',
    'February 30': '07ea 02 1e 00 00 00 00 2b 00 00',
    'hour 24': '07ea 01 01 18 00 00 00 2b 00 00',
    'minute 60': '07ea 01 01 00 3c 00 00 2b 00 00',
    'second 61': '07ea 01 01 00 00 3d 00 2b 00 00',
    'ten tenths': '07ea 01 01 00 00 00 0a 2b 00 00',
    'no direction': '07ea 01 01 00 00 00 00 00 00 00',
    'offset 15 h': '07ea 01 01 00 00 00 00 2b 0f 00',
  };
  for (const [name, octets] of Object.entries(wrong)) t.equal(dateTimeMs(hex(octets)), undefined, name);
});

t.test('any moment of the years 0 to 65535 is kept to the tenth of a second', async () => {
  const first = new Date(0).setUTCFullYear(0, 0, 1);
  const last = Date.UTC(65_535, 11, 31);
  fc.assert(
    fc.property(fc.integer({ min: first, max: last }), (ms) => {
      assert.equal(dateTimeMs(dateTimeOctets(ms)), Math.floor(ms / 100) * 100);
    }),
  );
});

t.test('any eleven octets are a date or undefined', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 11, maxLength: 11 }), (octets) => {
      assert.ok(!Number.isNaN(dateTimeMs(octets) ?? 0));
    }),
  );
});

t.test('a moment that has no year of two octets is a bug', async (t) => {
  for (const ms of [Number.NaN, Number.POSITIVE_INFINITY, -1e14, Date.UTC(70_000, 1, 1)]) {
    t.throws(() => dateTimeOctets(ms), RangeError);
  }
});
