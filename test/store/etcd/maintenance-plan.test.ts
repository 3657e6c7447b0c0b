import * as fc from 'fast-check';
import t from 'tap';
import {
  type MaintenanceAction,
  type MaintenanceView,
  type MemberStatus,
  planMaintenance,
} from '../../../lib/store/etcd/maintenance-plan.js';

const mib = 1 << 20;
const quotaBytes = 1_000 * mib;

/** A member with a file of so many MiB, of which so many are in use; `a` leads. */
const member = (id: string, size: number, inUse: number, leaderId = 'a'): MemberStatus => ({
  endpoint: `${id}:2379`,
  memberId: id,
  leaderId,
  sizeBytes: size * mib,
  inUseBytes: inUse * mib,
});
const healthy = [member('a', 100, 90), member('b', 100, 90), member('c', 100, 90)];
const minute = 60_000;

const view = (part: Partial<MaintenanceView>): MaintenanceView => ({
  nowMs: 60 * minute,
  quotaBytes,
  expected: 3,
  members: healthy,
  alarms: [],
  samples: [],
  compacted: 0,
  defragmented: [],
  ...part,
});
const full = [{ memberId: 'b', alarm: 'NOSPACE' }];
const samples = [50, 54, 55, 56, 60].map((at) => ({ atMs: at * minute, revision: at * 10 }));

const cases: [name: string, part: Partial<MaintenanceView>, actions: MaintenanceAction[]][] = [
  ['a healthy cluster is left alone', {}, []],
  ['what is older than five minutes is compacted', { samples }, [{ kind: 'compact', revision: 550 }]],
  ['what was compacted already is not compacted again', { samples, compacted: 550 }, []],
  ['before there is anything old enough nothing is compacted', { samples: samples.slice(3) }, []],
  [
    'the follower with the most waste is defragmented, and only that one',
    { members: [member('a', 900, 100), member('b', 700, 100), member('c', 800, 100)] },
    [{ kind: 'defragment', endpoint: 'c:2379' }],
  ],
  ['a small file is not worth it', { members: [member('a', 90, 10), member('b', 199, 1), member('c', 90, 1)] }, []],
  [
    'a leader that needs it hands over first',
    { members: [member('a', 900, 100), member('b', 100, 90), member('c', 100, 90)] },
    [{ kind: 'move-leader', endpoint: 'a:2379', targetId: 'b' }],
  ],
  ['nothing is defragmented while a member is away', { members: [member('a', 900, 100), member('b', 900, 100)] }, []],
  [
    'nor while nobody leads',
    { members: [member('a', 900, 100, '0'), member('b', 900, 100, '0'), member('c', 900, 100, '0')] },
    [],
  ],
  ['a member that is alone is not stopped for it', { expected: 1, members: [member('a', 900, 100)] }, []],
  [
    'unless nothing can be written anyway',
    { expected: 1, members: [member('a', 1_000, 100)], alarms: [{ memberId: 'a', alarm: 'NOSPACE' }], samples },
    [
      { kind: 'compact', revision: 600 },
      { kind: 'defragment', endpoint: 'a:2379' },
    ],
  ],
  [
    'a full cluster: history goes, then a follower is defragmented',
    { members: [member('a', 1_000, 90), member('b', 1_000, 90), member('c', 990, 90)], alarms: full, samples },
    [
      { kind: 'compact', revision: 600 },
      { kind: 'defragment', endpoint: 'b:2379' },
    ],
  ],
  [
    'of those that were not rewritten yet, whatever seems to be in use',
    {
      members: [member('a', 1_000, 990), member('b', 995, 990), member('c', 990, 990)],
      alarms: full,
      defragmented: ['b:2379'],
    },
    [{ kind: 'defragment', endpoint: 'c:2379' }],
  ],
  [
    'not again and again',
    {
      members: [member('a', 1_000, 90), member('b', 995, 990), member('c', 990, 990)],
      alarms: full,
      defragmented: ['a:2379', 'b:2379', 'c:2379'],
    },
    [],
  ],
  [
    'when all files are small again the alarm is ended',
    { alarms: full },
    [{ kind: 'disarm', memberId: 'b', alarm: 'NOSPACE' }],
  ],
  [
    'not while one file is near the quota, all of it in use',
    { alarms: full, members: [...healthy.slice(1), member('a', 950, 940)], defragmented: ['a:2379'] },
    [],
  ],
  ['nor while a member is away', { alarms: full, members: healthy.slice(1) }, []],
  ['an alarm about damage is never ended', { alarms: [{ memberId: 'c', alarm: 'CORRUPT' }] }, []],
];

for (const [name, part, actions] of cases)
  t.test(name, async (t) => {
    t.strictSame(planMaintenance(view(part)).actions, actions);
  });

t.test(
  'history is trimmed from 40 % in use on, new jobs are refused from 50 % on, and both while an alarm stands',
  async (t) => {
    const at = (inUse: number, alarms: MaintenanceView['alarms'] = []) => {
      const members = [...healthy.slice(1), member('a', 990, inUse)];
      const { trimHistory, refuseNewJobs } = planMaintenance(view({ members, alarms }));
      return [trimHistory, refuseNewJobs];
    };
    t.strictSame(at(399), [false, false]);
    t.strictSame(at(400), [true, false]);
    t.strictSame(at(499), [true, false]);
    t.strictSame(at(500), [true, true]);
    t.strictSame(at(100, full), [true, true]);
  },
);

t.test('after a step that changes the view the next look comes soon', async (t) => {
  const soon = (part: Partial<MaintenanceView>) => planMaintenance(view(part)).lookSoon;
  t.equal(soon({}), false);
  t.equal(soon({ samples }), false);
  t.equal(soon({ alarms: full }), true);
  t.equal(soon({ alarms: full, members: healthy.slice(1) }), false);
  t.equal(soon({ alarms: full, members: healthy.slice(1), samples }), true);
});

t.test('the reason names what is unusual', async (t) => {
  t.equal(planMaintenance(view({})).because, '9 % of the quota in use');
  const alarms = [...full, { memberId: 'c', alarm: 'CORRUPT' }];
  t.equal(
    planMaintenance(view({ members: healthy.slice(1), alarms })).because,
    '9 % of the quota in use; the quota was reached; 2 of 3 members answer; alarms that only an operator may end: CORRUPT at c',
  );
});

t.test(
  'whatever the members say: at most one is defragmented, never the leader of several, never with one away',
  async () => {
    const status = fc.record({
      size: fc.integer({ min: 0, max: 1_100 }),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.array(status, { maxLength: 5 }),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        (all, expected, isFull) => {
          const members = all.map(({ size, part }, i) => member('abcde'.charAt(i), size, Math.floor(size * part)));
          const { actions } = planMaintenance(view({ members, expected, alarms: isFull ? full : [] }));
          const heavy = actions.filter(({ kind }) => kind === 'defragment' || kind === 'move-leader');
          if (heavy.length > 1) return false;
          if (heavy.length === 1 && members.length < expected) return false;
          return (
            members.length <= 1 ||
            !actions.some((action) => action.kind === 'defragment' && action.endpoint === 'a:2379')
          );
        },
      ),
    );
  },
);
