import t from 'tap';
import { parseConfig } from '../../lib/config.js';
import { startMember } from '../../lib/main/member.js';
import { Stops } from '../../lib/main/stops.js';
import { systemClock } from '../../lib/platform/clock.js';
import { silentLog } from '../../lib/platform/log.js';
import { Spool } from '../../lib/spool/spool.js';
import { keys } from '../../lib/store/keys.js';
import { header, startGateway } from '../support/gateway.js';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

t.test('a store that falls silent while a node starts does not keep it from starting', async (t) => {
  const secret = { key: base64(keys.secret), value: base64('{"version":1,"secret":"s"}'), mod_revision: '1' };
  const { endpoint, asked } = await startGateway(t, (one) => {
    if (asked.length === 1) one.answer({ header: header(1), kvs: [secret] });
    else one.answer({ error: 'etcdserver: request timed out', code: 14 }, 503);
  });
  const config = parseConfig(
    JSON.stringify({
      stateDirectory: t.testdir(),
      node: { name: 'a' },
      cluster: { endpoints: [endpoint], address: '127.0.0.1', port: 0 },
    }),
    '/x/platen.yaml',
  );
  const { cluster } = config;
  if (cluster === undefined) throw new Error('no cluster');
  const stops = new Stops();
  t.teardown(() => stops.run({ cutOffAfterMs: 0 }));
  const member = await startMember(
    { config, log: silentLog, clock: systemClock, stops },
    {
      cluster,
      openSpool: (options) => Spool.open(options),
      onFailure: (error) => t.fail(String(error)),
      supervision: undefined,
    },
  );
  t.ok(member.peerPort > 0);
});
