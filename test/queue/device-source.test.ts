import t from 'tap';
import { defaultDeviceOptions } from '../../lib/model/printer.js';
import type { Attempt } from '../../lib/model/outcome.js';
import { deviceSource } from '../../lib/queue/device-source.js';

const attempt = (epoch: number, sourcePort: number): Attempt => ({
  number: 1,
  node: 'b',
  epoch,
  sourcePort,
  started: 0,
  evidence: 'partial',
  bytes: 0,
  detail: '',
});
const printer = { device: defaultDeviceOptions };
const bound = { addresses: ['192.0.2.1', '2001:db8::1'], epoch: 7 };

t.test('connections come from the virtual server’s addresses', async (t) => {
  t.same(deviceSource({ attempts: [] }, printer, bound), { addresses: bound.addresses });
  t.same(deviceSource({ attempts: [] }, printer, { ...bound, addresses: [] }), { addresses: [] });
});

t.test('the first attempt after a takeover has the port of the one before, further ones have not', async (t) => {
  const taken = [attempt(6, 40_001)];
  t.equal(deviceSource({ attempts: taken }, printer, bound).port, 40_001);
  t.equal(deviceSource({ attempts: [...taken, attempt(7, 40_001)] }, printer, bound).port, undefined);
  t.equal(deviceSource({ attempts: [attempt(6, 0)] }, printer, bound).port, undefined, 'it had no connection');
  t.equal(deviceSource({ attempts: taken }, printer, { ...bound, addresses: [] }).port, undefined, 'it is not bound');
});

t.test('an address that the operator named for the printer counts', async (t) => {
  const named = { device: { ...defaultDeviceOptions, localAddress: '192.0.2.9' } };
  t.same(deviceSource({ attempts: [attempt(6, 40_001)] }, named, bound), { addresses: ['192.0.2.9'] });
});
