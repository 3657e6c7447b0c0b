import t from 'tap';
import { isLoopback, placesOf, type Interfaces } from '../../lib/names/places.js';

const info = (cidr: string, more: object = {}) => {
  const [address = ''] = cidr.split('/');
  const family = address.includes(':') ? ('IPv6' as const) : ('IPv4' as const);
  return { address, cidr, family, netmask: '', mac: '', internal: false, scopeid: 0, ...more } as never;
};

const interfaces: Interfaces = {
  lo: [info('127.0.0.1/8', { internal: true }), info('192.0.2.60/32', { internal: true })],
  eth0: [info('192.0.2.1/24'), info('192.0.2.50/32'), info('192.0.2.51/32'), info('2001:db8::50/128')],
  eth1: [info('198.51.100.50/32')],
};

t.test('a link for each interface and family that has an address, with the first of the addresses', async (t) => {
  const places = placesOf(['192.0.2.50', '192.0.2.51', '2001:db8::50', '198.51.100.50', '203.0.113.1'], interfaces);
  t.match(places, [
    { interfaceName: 'eth0', family: 'ipv4', address: '192.0.2.50' },
    { interfaceName: 'eth0', family: 'ipv6', address: '2001:db8::50' },
    { interfaceName: 'eth1', family: 'ipv4', address: '198.51.100.50' },
  ]);
  t.equal(places.length, 3);
  t.same(placesOf(['192.0.2.60', '127.0.0.1'], interfaces), [], 'nothing is published on loopback');
});

t.test('who is near, as far as the networks of the interface tell', async (t) => {
  const [four, six, bare] = placesOf(['192.0.2.50', '2001:db8::50', '198.51.100.50'], interfaces);
  const cases: [boolean | undefined, boolean][] = [
    [four?.isNear('192.0.2.9'), true],
    [four?.isNear('198.51.100.9'), false],
    [four?.isNear('2001:db8::9'), false],
    [six?.isNear('fe80::1%eth0'), true],
    [six?.isNear('fe80::1%eth1'), false],
    [six?.isNear('2001:db8::9'), true],
    [bare?.isNear('203.0.113.1'), true],
  ];
  for (const [found, wanted] of cases) t.equal(found, wanted);
  t.same(['127.0.0.9', '::1', '192.0.2.1', '::2'].map(isLoopback), [true, true, false, false]);
});
