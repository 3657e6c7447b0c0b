// A life that ended at a moment, as the checker counts it: each may cost a job one attempt more.

import type { Kill } from '../campaign/history.js';

export const interruptedAt = (at: number, trigger: Kill['trigger'] = 'time'): Kill => ({
  target: 'both',
  trigger,
  at,
  goneAfterMs: 0,
});
