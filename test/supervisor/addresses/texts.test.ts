// What `ip` is told and what it says; what an address's fence is made of.

import t from 'tap';
import { putText, readPresent, removeText } from '../../../lib/supervisor/addresses/ip-text.js';
import { fenceText, setUpText, tableOf, tearDownText } from '../../../lib/supervisor/addresses/nft-text.js';

const [four, six] = ['192.0.2.1', '2001:db8::6'];

t.test(
  'addresses are put with a full prefix and a lifetime, IPv6 without the kernel’s duplicate detection',
  async (t) => {
    t.equal(
      putText([four, six], { dev: 'eth0', lifetimeS: 2 }),
      `address replace ${four}/32 dev eth0 valid_lft 2 preferred_lft 0\n` +
        `address replace ${six}/128 dev eth0 valid_lft 2 preferred_lft 0 nodad\n`,
    );
    t.equal(removeText([six], 'eth0'), `address del ${six}/128 dev eth0\n`);
  },
);

t.test('what is there is read from every interface; ours are known by their prefix and their short life', async (t) => {
  const info = (local: string, prefixlen: number, valid: number) => ({ local, prefixlen, valid_life_time: valid });
  const links = [
    { ifname: 'lo', addr_info: [info('127.0.0.1', 8, 4_294_967_295)] },
    {
      ifname: 'eth0',
      addr_info: [
        info('192.0.2.9', 24, 3_600),
        info(four, 32, 2),
        info('192.0.2.7', 32, 4_294_967_295),
        info(six, 128, 1),
        info('2001:db8::9', 64, 2),
      ],
    },
    { ifname: 'eth1', addr_info: [info('192.0.2.8', 32, 1)] },
    {},
  ];
  const present = readPresent(JSON.stringify(links), 'eth0');
  t.same(present.ours, [four, six]);
  t.ok(present.addresses.has('192.0.2.8'), 'another interface has it: it is there');
  t.throws(() => readPresent('Cannot open netlink socket', 'eth0'));
});

const place = { table: 'platen-a', floating: true, devicePorts: [] };

t.test('an address that is open speaks until the deadline; one that is known and not open is silent', async (t) => {
  const text = fenceText({ open: [four, six], closing: [four], deadline: 1_900.9 }, { ...place, time: 100 });
  t.match(text, `add element inet platen-a open4 { ${four} timeout 1800ms }`);
  t.match(text, `add element inet platen-a open6 { ${six} timeout 1800ms }`);
  t.match(text, `add element arp platen-a open4 { ${four} timeout 1800ms }`);
  t.match(text, `add element inet platen-a closing4 { ${four} }`);
  t.notMatch(text, 'flush set inet platen-a known', 'what was known stays so');
  const late = fenceText({ open: [four], closing: [], deadline: 100 }, { ...place, time: 100 });
  t.match(late, `add element inet platen-a known4 { ${four} }`);
  t.notMatch(late, 'timeout', 'nothing is open at the deadline');
});

t.test('where addresses are not ours, devices’ ports are open until the deadline, and only for an owner', async (t) => {
  const none = { table: 'platen-a', floating: false, devicePorts: [9_100, 631] };
  t.match(setUpText(none), 'tcp dport { 9100, 631 } tcp dport != @ports drop');
  t.notMatch(setUpText(none), 'known4');
  const until = (open: readonly string[]): string =>
    fenceText({ open, closing: [], deadline: 1_000 }, { ...none, time: 0 });
  t.match(until([four]), 'add element inet platen-a ports { 9100 timeout 1000ms, 631 timeout 1000ms }');
  t.equal(until([]), 'flush set inet platen-a ports\n');
});

t.test('a table of an earlier life goes in the same transaction', async (t) => {
  t.ok(setUpText(place).startsWith(tearDownText(place)));
  t.match(tearDownText(place), 'delete table arp platen-a');
  t.equal(tableOf('print_1.example'), 'platen-print_1-example');
});
