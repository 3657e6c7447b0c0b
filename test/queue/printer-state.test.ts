import t from 'tap';
import type { Phase } from '../../lib/ports/port.js';
import type { LaneView } from '../../lib/queue/lane.js';
import { printerState } from '../../lib/queue/printer-state.js';

const idle: LaneView = { refusals: 0, refusal: '', changed: 100 };
const running = (phase: Phase, detail = ''): LaneView => ({
  ...idle,
  job: 7,
  progress: { phase, written: 0, drained: 0, detail },
});
const ready = { paused: false, pausedMessage: '', changed: 50 };
const paused = { paused: true, pausedMessage: 'new toner', changed: 200 };
const refused = { ...idle, refusals: 2, refusal: 'no route' };

const cases: [string, typeof ready, LaneView, readonly string[], object][] = [
  ['nothing to do', ready, idle, [], { state: 'idle', reasons: [], message: '', since: 100 }],
  ['sending', ready, running('sending'), [], { state: 'processing', reasons: [] }],
  ['calling: its job is still pending', ready, running('connecting'), [], { state: 'idle', reasons: [] }],
  ['paused', paused, idle, [], { state: 'stopped', reasons: ['paused'], message: 'new toner', since: 200 }],
  ['paused while sending', paused, running('sending'), [], { state: 'processing', reasons: ['moving-to-paused'] }],
  ['paused while calling', paused, running('connecting'), [], { state: 'stopped', reasons: ['paused'] }],
  ['not to be reached', ready, refused, [], { state: 'idle', reasons: ['connecting-to-device'], message: 'no route' }],
  [
    'stalled, and the device says why',
    ready,
    running('stalled', 'nothing taken for 60 s'),
    ['media-empty-error'],
    { state: 'processing', reasons: ['timed-out', 'media-empty-error'], message: 'nothing taken for 60 s' },
  ],
];

for (const [name, printer, lane, device, wanted] of cases)
  t.test(name, async (t) => {
    t.match(printerState(printer, lane, device), wanted);
  });
