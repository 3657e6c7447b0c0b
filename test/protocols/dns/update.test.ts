import * as dnsPacket from 'dns-packet';
import t from 'tap';
import { readMessage } from '../../../lib/protocols/dns/message.js';
import { rcodeText, removingUpdate, replacingUpdate } from '../../../lib/protocols/dns/update.js';

const change = { id: 5, zone: 'example.com', name: 'sales.example.com', addresses: ['192.0.2.7', '2001:db8::7'] };

/** dns-packet does not know empty data. */
const questionOnly = (octets: Buffer): Buffer => {
  const copy = Buffer.from(octets);
  copy.fill(0, 6, 12);
  return copy;
};

t.test('a replacing update names the zone, takes all addresses out and puts these in', async (t) => {
  const octets = replacingUpdate(change, 120);
  t.equal((octets.readUInt16BE(2) >> 11) & 15, 5, 'UPDATE');
  t.match(dnsPacket.decode(questionOnly(octets)).questions, [{ name: 'example.com', type: 'SOA' }]);
  const { answers, authorities } = readMessage(octets);
  t.equal(answers.length, 0, 'no prerequisite');
  t.strictSame(
    authorities.map(({ name, type, class: kind, ttl, data }) => [name, type, kind, ttl, data.length]),
    [
      ['sales.example.com', 1, 255, 0, 0],
      ['sales.example.com', 28, 255, 0, 0],
      ['sales.example.com', 1, 1, 120, 4],
      ['sales.example.com', 28, 1, 120, 16],
    ],
  );
});

t.test('a removing update takes out exactly these addresses', async (t) => {
  const { authorities } = readMessage(removingUpdate(change));
  t.strictSame(
    authorities.map(({ type, class: kind, ttl, data }) => [type, kind, ttl, data.length]),
    [
      [1, 254, 0, 4],
      [28, 254, 0, 16],
    ],
  );
});

t.test('answer codes are said in words', async (t) => {
  t.match(rcodeText(5), /^REFUSED: /);
  t.match(rcodeText(9), /^NOTAUTH: /);
  t.equal(rcodeText(23), 'answer code 23');
});
