import t from 'tap';
import { admit } from '../../lib/queue/admission.js';

const printer = { name: 'demo', accepting: true };
const cases: [string, Omit<Parameters<typeof admit>[0], 'isStoreFull'> & { isStoreFull?: true }, object][] = [
  ['a printer that accepts', { printer, unfinishedJobs: 4, maxUnfinishedJobs: 5 }, { admitted: true }],
  ['no printer', { printer: undefined, unfinishedJobs: 0, maxUnfinishedJobs: 5 }, { code: 'printer-not-found' }],
  [
    'a printer that does not accept',
    { printer: { ...printer, accepting: false }, unfinishedJobs: 0, maxUnfinishedJobs: 5 },
    { admitted: false, code: 'printer-not-accepting' },
  ],
  ['a full queue', { printer, unfinishedJobs: 5, maxUnfinishedJobs: 5 }, { admitted: false, code: 'too-many-jobs' }],
  [
    'a store that is too full',
    { printer, unfinishedJobs: 0, maxUnfinishedJobs: 5, isStoreFull: true },
    { admitted: false, code: 'store-full' },
  ],
  [
    'both: the printer is named first',
    { printer: { ...printer, accepting: false }, unfinishedJobs: 9, maxUnfinishedJobs: 5 },
    { code: 'printer-not-accepting' },
  ],
];

for (const [name, view, wanted] of cases)
  t.test(name, async (t) => {
    t.match(admit({ isStoreFull: false, ...view }), wanted);
  });
