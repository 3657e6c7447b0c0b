// Members of etcd are started again one after another when revocations change, whenever each node gets the list.

import t from 'tap';
import { silentLog } from '../../lib/platform/log.js';
import { restartInTurn, turnOf, untilTurn } from '../../lib/supervisor/member-turns.js';
import { testAuthority, testNode } from '../support/certificates.js';
import { FakeClock } from '../support/fake-clock.js';

const initialCluster = { a: 'https://192.0.2.1:2380', b: 'https://192.0.2.2:2380', c: 'https://192.0.2.3:2380' };
const turns = Object.values(initialCluster).map((peerUrl) => turnOf({ peerUrl, initialCluster }));

t.test('no two members begin within ten seconds, whatever the times at which the list came to them', async (t) => {
  t.same(
    turns.map(({ at, of }) => [at, of]),
    [
      [0, 3],
      [1, 3],
      [2, 3],
    ],
  );
  const now = Date.UTC(2026, 10, 26, 12, 0, 7);
  for (const [index, late] of [0, 4_000, 17_000, 29_999].entries()) {
    const begins = turns.map((turn, n) => {
      const at = now + late * ((n + index) % 3);
      const wait = untilTurn(turn, at);
      t.ok(wait >= 0 && wait < 30_000);
      return at + wait;
    });
    for (const one of begins)
      for (const other of begins) t.ok(one === other || Math.abs(one - other) >= 10_000, `${one} ${other}`);
  }
});

t.test('a new list restarts the member once, a new certificate does not', async (t) => {
  const authority = await testAuthority(t);
  const clock = new FakeClock(Date.now());
  const { credentials } = await testNode(t, 'a', await authority.give('a'), { clock });
  let restarts = 0;
  const member = { restart: async () => void (restarts += 1) };
  restartInTurn(member, credentials, { clock, log: silentLog, turn: { at: 1, of: 3 } });
  const changed = async (): Promise<void> => {
    const before = credentials.material;
    await clock.advanceUntil(() => credentials.material !== before, { realMs: 5 });
    await clock.advance(30_000);
  };
  await authority.give('a');
  await changed();
  t.equal(restarts, 0);
  await authority.give('b');
  await authority.revoke('b', { old: false, now: Date.now() });
  await changed();
  t.equal(restarts, 1);
});
