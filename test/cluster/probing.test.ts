import t from 'tap';
import { arrived, nothingObserved, type Observed } from '../../lib/cluster/observed.js';
import { dueProbes, Probing } from '../../lib/cluster/probing.js';
import { confirmed, newLife, sending } from '../../lib/cluster/renewal.js';
import { defaultTiming } from '../../lib/cluster/timing.js';
import type { View } from '../../lib/cluster/view.js';

const record = (incarnation: string, change: object = {}) => ({
  version: 1,
  incarnation,
  counter: 0,
  addresses: { peers: '', rest: '' },
  readiness: {},
  ...change,
});

/** Node a sees node b, which owns sales and was silent for so long. */
const viewOf = (silenceMs: number, self: object = {}): View => {
  const time = 100_000;
  const life = newLife({ incarnation: 'a1', revision: 0, fenceAfterMs: 1_800 });
  const renewal = confirmed(sending(life, time - 50), { counter: 0, revision: 10, time: time - 40 });
  const address = { name: 'address', kind: 'ip-address', value: '192.0.2.1', wanted: 'online' };
  const group = {
    version: 1,
    name: 'sales',
    resources: [address, { name: 'spooler', kind: 'print-spooler', wanted: 'online' }],
  };
  const owner = { version: 1, node: 'b', incarnation: 'b1', epoch: 1 };
  const put = (
    observed: Observed,
    part: 'nodes' | 'owners' | 'groups',
    name: string,
    value: unknown,
    at: number,
    revision: number,
  ) => arrived(observed, part, { name, revision, record: value }, at);
  let observed = put(nothingObserved, 'groups', 'sales', group, 0, 1);
  observed = put(observed, 'owners', 'sales', owner, 0, 2);
  observed = put(observed, 'nodes', 'b', record('b1'), time - silenceMs, 9);
  observed = put(observed, 'nodes', 'a', record('a1', self), time - 30, 10);
  const base = { time, wall: 0, hour: 12, me: 'a', timing: defaultTiming, local: new Map(), stopping: false };
  return { ...base, renewal, observed, placement: new Map([['sales', ['a', 'b']]]) };
};

t.test('addresses of a node are asked for in the last 200 ms of its silence', async (t) => {
  t.same(dueProbes(viewOf(2_399)), []);
  t.same(dueProbes(viewOf(2_400)), [{ group: 'sales', address: '192.0.2.1' }]);
  t.same(dueProbes(viewOf(2_500, { readiness: { witness: true } })), [], 'by nodes that may take them');
});

t.test('each is asked for once in a silence, and whoever answers is told of', async (t) => {
  const asked: string[] = [];
  const told: string[] = [];
  const probe = async (address: string): Promise<string> => {
    asked.push(address);
    return '02:00:00:00:00:01';
  };
  const probing = new Probing({ probe }, { note: (code, { group, text }) => told.push(`${code} ${group}: ${text}`) });
  for (const silence of [2_400, 2_450, 2_590]) probing.look(viewOf(silence));
  await new Promise((resolve) => setImmediate(resolve));
  t.same(asked, ['192.0.2.1']);
  t.same(told, ['address-conflict sales: 192.0.2.1: 02:00:00:00:00:01 answers for it before it is taken over']);
  probing.look(viewOf(100));
  probing.look(viewOf(2_400));
  t.equal(asked.length, 2, 'the next silence is another one');
});
