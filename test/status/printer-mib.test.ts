import * as fc from 'fast-check';
import t from 'tap';
import {
  conditionOf,
  detectedErrors,
  deviceStatuses,
  printerStatuses,
  printerStatusOf,
  readDetectedErrors,
  writeDetectedErrors,
  type DetectedError,
  type QueueCondition,
} from '../../lib/status/printer-mib.js';

const octets = (hex: string): Uint8Array => Buffer.from(hex, 'hex');

t.test('bit 0 is the most significant bit of the first octet', async (t) => {
  const cases: readonly [string, DetectedError[]][] = [
    ['', []],
    ['00', []],
    ['80', ['lowPaper']],
    ['40', ['noPaper']],
    ['01', ['serviceRequested']],
    ['0080', ['inputTrayMissing']],
    ['0002', ['overduePreventMaint']],
    ['0001', []],
    ['8080ff', ['lowPaper', 'inputTrayMissing']],
  ];
  for (const [hex, errors] of cases) t.same(readDetectedErrors(octets(hex)), errors, `octets ${hex}`);
});

t.test('each bit becomes its IPP keyword', async (t) => {
  const cases: Record<DetectedError, readonly string[]> = {
    lowPaper: ['media-low-warning'],
    noPaper: ['media-empty-error', 'media-needed-error'],
    lowToner: ['toner-low-warning'],
    noToner: ['toner-empty-error'],
    doorOpen: ['cover-open-error'],
    jammed: ['media-jam-error'],
    offline: ['offline-report'],
    serviceRequested: ['service-needed-warning'],
    inputTrayMissing: ['input-tray-missing-error'],
    outputTrayMissing: ['output-tray-missing-error'],
    markerSupplyMissing: ['marker-supply-missing-error'],
    outputNearFull: ['output-area-almost-full-warning'],
    outputFull: ['output-area-full-error'],
    inputTrayEmpty: ['media-empty-warning'],
    overduePreventMaint: ['service-needed-report'],
  };
  for (const error of detectedErrors) {
    const answer = { deviceStatus: 5, printerStatus: 1, detectedErrors: writeDetectedErrors([error]) };
    t.same(conditionOf(answer), { state: 'other', reasons: cases[error] }, error);
  }
});

t.test('what a device answers is combined', async (t) => {
  const cases = [
    { name: 'idle, nothing wrong', answer: { deviceStatus: 2, printerStatus: 3 }, state: 'idle', reasons: [] },
    { name: 'warming up', answer: { deviceStatus: 2, printerStatus: 5 }, state: 'warmup', reasons: [] },
    { name: 'a status of no name', answer: { printerStatus: 99 }, state: 'unknown', reasons: [] },
    { name: 'no usable value at all', answer: {}, state: 'unknown', reasons: [] },
    {
      name: 'one tray of several empty while it prints on is no error',
      answer: { deviceStatus: 3, printerStatus: 4, detectedErrors: octets('4000') },
      state: 'printing',
      reasons: ['media-empty-warning', 'media-needed-warning'],
    },
    {
      name: 'the worst of two severities of one keyword is shown',
      answer: { deviceStatus: 5, printerStatus: 1, detectedErrors: octets('4004') },
      state: 'other',
      reasons: ['media-empty-error', 'media-needed-error'],
    },
  ];
  for (const { name, answer, state, reasons } of cases) t.same(conditionOf(answer), { state, reasons }, name);
  t.same(conditionOf({ printerStatus: 3, lifeCount: 7 }), { state: 'idle', reasons: [], lifeCount: 7 });
});

t.test('the offline bit is an error only if TCP fails as well', async (t) => {
  const answer = { deviceStatus: 3, printerStatus: 3, detectedErrors: octets('02') };
  t.same(conditionOf(answer, true).reasons, ['offline-report']);
  t.same(conditionOf(answer).reasons, ['offline-report']);
  t.same(conditionOf(answer, false).reasons, ['offline-error']);
});

t.test('a queue is shown by the table of RFC 3805', async (t) => {
  const cases: readonly [QueueCondition, keyof typeof deviceStatuses, keyof typeof printerStatuses, string][] = [
    [{ state: 'idle', reasons: [] }, 'running', 'idle', '0000'],
    [{ state: 'idle', reasons: ['none'] }, 'running', 'idle', '0000'],
    [{ state: 'printing', reasons: [] }, 'running', 'printing', '0000'],
    [{ state: 'printing', reasons: ['toner-low-warning'] }, 'warning', 'printing', '2000'],
    [{ state: 'idle', reasons: ['media-low-report'] }, 'running', 'idle', '8000'],
    [{ state: 'printing', reasons: ['media-empty-error', 'media-needed-error'] }, 'down', 'other', '4000'],
    [{ state: 'idle', reasons: ['media-empty-warning'] }, 'warning', 'idle', '0004'],
    [{ state: 'idle', reasons: ['media-jam'] }, 'down', 'other', '0400'],
    [{ state: 'idle', reasons: ['door-open-error', 'marker-supply-empty-error'] }, 'down', 'other', '1800'],
    [{ state: 'stopped', reasons: ['paused'] }, 'down', 'other', '0200'],
    [{ state: 'printing', reasons: ['connecting-to-device-report'] }, 'running', 'printing', '0000'],
    [{ state: 'idle', reasons: ['something-new-warning'] }, 'warning', 'idle', '0000'],
  ];
  for (const [queue, deviceStatus, printerStatus, hex] of cases) {
    const expected = {
      deviceStatus: deviceStatuses[deviceStatus],
      printerStatus: printerStatuses[printerStatus],
      detectedErrors: new Uint8Array(octets(hex)),
    };
    t.same(printerStatusOf(queue), expected, JSON.stringify(queue));
  }
});

t.test('what a device says can be said on without loss', async () => {
  const errors = fc.uniqueArray(fc.constantFrom(...detectedErrors));
  fc.assert(
    fc.property(errors, (raised) => {
      const said = conditionOf({ deviceStatus: 5, printerStatus: 1, detectedErrors: writeDetectedErrors(raised) });
      const again = printerStatusOf({ state: 'stopped', reasons: said.reasons });
      const shown = new Set(readDetectedErrors(again.detectedErrors));
      // One keyword of two severities shows the worse one only.
      const covered = new Set(raised);
      if (covered.has('noPaper')) covered.delete('inputTrayEmpty');
      if (covered.has('serviceRequested')) covered.delete('overduePreventMaint');
      return shown.size === covered.size && [...covered].every((error) => shown.has(error));
    }),
  );
});

t.test('any octets are read', async () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.integer(),
      fc.integer(),
      (errors, deviceStatus, printerStatus) => {
        const { state, reasons } = conditionOf({ deviceStatus, printerStatus, detectedErrors: errors });
        return state in printerStatuses && reasons.every((reason) => /^[a-z-]+-(report|warning|error)$/.test(reason));
      },
    ),
  );
});
