// CUPS's ipp back end, and an owner that dies between commit and answer, 20 times: not doubled, not lost.

import t from 'tap';
import { resendRun } from '../support/cluster/resend-run.js';
import { withBackEnd } from '../support/cups-back-end.js';

const rounds = 20;

t.test(`${rounds} owners are killed`, withBackEnd, async (t) => {
  t.match(await resendRun(t, rounds), { breaches: [], printed: rounds });
});
