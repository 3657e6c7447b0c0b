import t from 'tap';
import { canonicalAddress } from '../../lib/platform/ip-address.js';

const cases: [string, string][] = [
  ['192.0.2.7', '192.0.2.7'],
  ['2001:DB8:0:0:0:0:0:7', '2001:db8::7'],
  ['2001:db8::7', '2001:db8::7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::FFFF:c000:207', '192.0.2.7'],
  ['::1', '::1'],
  ['fe80::1%eth0', 'fe80::1%eth0'],
];

for (const [written, wanted] of cases)
  t.test(`${written} is one with ${wanted}`, async (t) => {
    t.equal(canonicalAddress(written), wanted);
  });
