import t from 'tap';
import { floatingRule, loopbackRule } from '../../lib/cluster/address-rules.js';

const rule = floatingRule(() => new Map([['b', ['192.0.2.9', '2001:db8::9']]]));

t.test('a floating address may be any that clients can reach, in its one spelling', async (t) => {
  t.same(rule('192.0.2.1'), { ok: true, address: '192.0.2.1' });
  t.same(rule('2001:DB8:0::1'), { ok: true, address: '2001:db8::1' });
  t.same(rule('fd00::5'), { ok: true, address: 'fd00::5' });
});

const refusals: readonly [address: string, reason: RegExp][] = [
  ['0.0.0.0', /unspecified/],
  ['::', /unspecified/],
  ['127.0.0.1', /loopback/],
  ['::1', /loopback/],
  ['::ffff:127.0.0.1', /loopback/],
  ['224.0.0.251', /multicast/],
  ['ff02::fb', /multicast/],
  ['255.255.255.255', /broadcast/],
  ['fe80::1', /one link/],
  ['fe80::1%eth0', /no IP address/],
  ['printers', /no IP address/],
  ['192.0.2.9', /node b's own/],
  ['2001:db8:0:0::9', /node b's own/],
];

for (const [address, reason] of refusals)
  t.test(`${address} is refused`, async (t) => {
    t.match(rule(address), { ok: false, reason });
  });

t.test('the back end loopback takes loopback addresses only', async (t) => {
  t.match(loopbackRule('127.0.0.21'), { ok: true });
  t.match(loopbackRule('192.0.2.1'), { ok: false, reason: /not in 127/ });
});
