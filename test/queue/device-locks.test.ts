import * as fc from 'fast-check';
import t from 'tap';
import { defaultDeviceOptions } from '../../lib/model/printer.js';
import { type DeviceLock, DeviceLocks, locksOf } from '../../lib/queue/device-locks.js';

t.test('a whole device and one of its ports exclude one another, two ports do not', async (t) => {
  const locks = new DeviceLocks();
  locks.take({ address: 'a', port: 9100 });
  t.notOk(locks.isFree({ address: 'a' }));
  t.notOk(locks.isFree({ address: 'a', port: 9100 }));
  t.ok(locks.isFree({ address: 'a', port: 9101 }));
  t.ok(locks.isFree({ address: 'b' }));
  locks.free({ address: 'a', port: 9100 });
  locks.take({ address: 'a' });
  t.notOk(locks.isFree({ address: 'a' }));
  t.notOk(locks.isFree({ address: 'a', port: 9101 }));
});

t.test('what is freed is as if it had never been taken', async () => {
  const lock = fc.record(
    { address: fc.constantFrom('a', 'b'), port: fc.constantFrom(1, 2, 3) },
    { requiredKeys: ['address'] },
  );
  fc.assert(
    fc.property(fc.array(lock), (wanted) => {
      const locks = new DeviceLocks();
      const taken: DeviceLock[] = [];
      for (const one of wanted) {
        if (!locks.isFree(one)) continue;
        locks.take(one);
        taken.push(one);
      }
      for (const one of taken) locks.free(one);
      return wanted.every((one) => locks.isFree(one));
    }),
  );
});

t.test('a printer needs every address of its device, or one port of each', async (t) => {
  const printer = { deviceUri: 'socket://box:9101', deviceAddresses: ['10.0.0.1', '10.0.0.2'] };
  t.same(locksOf({ ...printer, device: defaultDeviceOptions }), [{ address: '10.0.0.1' }, { address: '10.0.0.2' }]);
  t.same(locksOf({ ...printer, device: { ...defaultDeviceOptions, lock: 'port' } }), [
    { address: '10.0.0.1', port: 9101 },
    { address: '10.0.0.2', port: 9101 },
  ]);
});
