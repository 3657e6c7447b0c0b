import t from 'tap';
import { groupStateOf, type ShownResource } from '../../lib/admin/group-state.js';

type Short = readonly [name: string, wanted: 'online' | 'offline', state: ShownResource['state']];

const cases: readonly { name: string; resources: readonly Short[]; isOwned?: boolean; is: object }[] = [
  {
    name: 'everything online',
    resources: [
      ['address', 'online', 'online'],
      ['spooler', 'online', 'online'],
    ],
    is: { state: 'online' },
  },
  {
    name: 'a spooler that is wanted offline',
    resources: [
      ['address', 'online', 'online'],
      ['spooler', 'offline', 'offline'],
    ],
    is: { state: 'partly-offline', stateReason: 'spooler offline as wanted' },
  },
  {
    name: 'a spooler that failed',
    resources: [
      ['address', 'online', 'online'],
      ['spooler', 'online', 'failed'],
    ],
    is: { state: 'partly-offline', stateReason: 'spooler failed' },
  },
  {
    name: 'on its way',
    resources: [
      ['address', 'online', 'online'],
      ['spooler', 'online', 'online-pending'],
    ],
    is: { state: 'coming-online', stateReason: 'spooler online-pending' },
  },
  {
    name: 'offline as wanted',
    resources: [['address', 'offline', 'offline']],
    is: { state: 'offline', stateReason: 'as wanted' },
  },
  {
    name: 'nobody',
    resources: [['address', 'online', 'offline']],
    isOwned: false,
    is: { state: 'offline', stateReason: 'nobody owns it' },
  },
  { name: 'no answer', resources: [['address', 'online', 'unknown']], is: { state: 'unknown' } },
];

for (const { name, resources, isOwned = true, is } of cases)
  t.test(`the state of a group: ${name}`, async (t) => {
    const shown = resources.map(([name, wanted, state]) => ({ name, wanted, state }));
    t.match(groupStateOf(shown, isOwned), is);
  });
