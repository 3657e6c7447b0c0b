// Printer-MIB and Host-Resources ↔ IPP `printer-state-reasons`, both ways (RFC 2790 section 4, RFC 3805 section 2.2.13.2, RFC 8011 section 5.4.12).

/** hrDeviceStatus (RFC 2790). */
export const deviceStatuses = { unknown: 1, running: 2, warning: 3, testing: 4, down: 5 } as const;
export type HrDeviceStatus = keyof typeof deviceStatuses;

/** hrPrinterStatus (RFC 2790). */
export const printerStatuses = { other: 1, unknown: 2, idle: 3, printing: 4, warmup: 5 } as const;
export type HrPrinterStatus = keyof typeof printerStatuses;

/** hrPrinterDetectedErrorState: position = bit; bit 0 is the most significant of the first octet. */
export const detectedErrors = [
  'lowPaper',
  'noPaper',
  'lowToner',
  'noToner',
  'doorOpen',
  'jammed',
  'offline',
  'serviceRequested',
  'inputTrayMissing',
  'outputTrayMissing',
  'markerSupplyMissing',
  'outputNearFull',
  'outputFull',
  'inputTrayEmpty',
  'overduePreventMaint',
] as const;
export type DetectedError = (typeof detectedErrors)[number];

type Severity = 'report' | 'warning' | 'error';
const severities: readonly Severity[] = ['report', 'warning', 'error'];

/** What each bit says in IPP words, and what other IPP words the agent shows by it. */
const meanings: Record<
  DetectedError,
  { readonly keywords: readonly string[]; readonly severity: Severity; readonly alike?: readonly string[] }
> = {
  lowPaper: { keywords: ['media-low'], severity: 'warning' },
  noPaper: { keywords: ['media-empty', 'media-needed'], severity: 'error' },
  lowToner: { keywords: ['toner-low'], severity: 'warning', alike: ['marker-supply-low'] },
  noToner: { keywords: ['toner-empty'], severity: 'error', alike: ['marker-supply-empty'] },
  doorOpen: { keywords: ['cover-open'], severity: 'error', alike: ['door-open', 'interlock-open'] },
  jammed: { keywords: ['media-jam'], severity: 'error' },
  offline: { keywords: ['offline'], severity: 'report', alike: ['paused', 'shutdown', 'timed-out'] },
  serviceRequested: { keywords: ['service-needed'], severity: 'warning' },
  inputTrayMissing: { keywords: ['input-tray-missing'], severity: 'error' },
  outputTrayMissing: { keywords: ['output-tray-missing'], severity: 'error' },
  markerSupplyMissing: { keywords: ['marker-supply-missing'], severity: 'error' },
  outputNearFull: { keywords: ['output-area-almost-full'], severity: 'warning' },
  outputFull: { keywords: ['output-area-full'], severity: 'error' },
  inputTrayEmpty: { keywords: ['media-empty'], severity: 'warning' },
  overduePreventMaint: { keywords: ['service-needed'], severity: 'report' },
};

/** What a device answered, types checked, values not. */
export interface DeviceAnswer {
  readonly deviceStatus?: number;
  readonly printerStatus?: number;
  readonly detectedErrors?: Uint8Array;
  /** prtMarkerLifeCount: pages, impressions or whatever the device counts in. */
  readonly lifeCount?: number;
}

export interface DeviceCondition {
  readonly state: HrPrinterStatus;
  /** `printer-state-reasons` keywords with their severity; empty if there is nothing to say (IPP then says `none`). */
  readonly reasons: readonly string[];
  readonly lifeCount?: number;
}

const nameOf = <Name extends string>(numbers: Record<Name, number>, value: number | undefined): Name | undefined =>
  (Object.keys(numbers) as Name[]).find((name) => numbers[name] === value);

const bitMask = (bit: number): number => 0x80 >> (bit & 7);

/** Bits that the standard does not name are ignored; octets that are missing are zero (many devices send one). */
export const readDetectedErrors = (octets: Uint8Array): DetectedError[] =>
  detectedErrors.filter((_, bit) => ((octets[bit >> 3] ?? 0) & bitMask(bit)) !== 0);

export const writeDetectedErrors = (errors: Iterable<DetectedError>): Uint8Array => {
  const octets = new Uint8Array(2);
  for (const error of errors) {
    const bit = detectedErrors.indexOf(error);
    octets[bit >> 3] = (octets[bit >> 3] ?? 0) | bitMask(bit);
  }
  return octets;
};

/**
 * What the device's answer means. `reachable`: whether its TCP port answers; the offline bit is set by many a printer
 * that prints, so it is an error only if TCP fails as well (R41).
 */
export const conditionOf = (answer: DeviceAnswer, reachable?: boolean): DeviceCondition => {
  const deviceStatus = nameOf(deviceStatuses, answer.deviceStatus);
  const state = nameOf(printerStatuses, answer.printerStatus) ?? 'unknown';
  // RFC 3805 section 2.2.13.2: idle or printing under `warning` is a non-critical alert, as of one empty tray among several.
  const goesOn = deviceStatus === 'warning' && (state === 'idle' || state === 'printing');
  const worst = new Map<string, Severity>();
  for (const error of readDetectedErrors(answer.detectedErrors ?? new Uint8Array())) {
    const { keywords, severity } = meanings[error];
    const found = error === 'offline' && reachable === false ? 'error' : severity;
    const shown = goesOn && found === 'error' && error !== 'offline' ? 'warning' : found;
    for (const keyword of keywords) worst.set(keyword, worse(worst.get(keyword), shown));
  }
  const reasons = [...worst].map(([keyword, severity]) => `${keyword}-${severity}`);
  return { state, reasons, ...(answer.lifeCount === undefined ? {} : { lifeCount: answer.lifeCount }) };
};

const worse = (known: Severity | undefined, found: Severity): Severity =>
  known !== undefined && severities.indexOf(known) > severities.indexOf(found) ? known : found;

/** A queue as IPP sees it. */
export interface QueueCondition {
  readonly state: 'idle' | 'printing' | 'stopped';
  readonly reasons: readonly string[];
}

export interface PrinterStatus {
  readonly deviceStatus: number;
  readonly printerStatus: number;
  readonly detectedErrors: Uint8Array;
}

/** How the agent shows a queue, by the table of RFC 3805 section 2.2.13.2. Reasons that no bit can show are left out of the bits. */
export const printerStatusOf = (queue: QueueCondition): PrinterStatus => {
  const reasons = queue.reasons.filter((reason) => reason !== 'none').map(parseReason);
  const errors = reasons.map(errorOf).filter((error) => error !== undefined);
  const isDown = queue.state === 'stopped' || reasons.some((reason) => reason.severity === 'error');
  const isWarned = reasons.some((reason) => reason.severity === 'warning');
  const working = queue.state === 'printing' ? 'printing' : 'idle';
  return {
    deviceStatus: deviceStatuses[isDown ? 'down' : isWarned ? 'warning' : 'running'],
    printerStatus: printerStatuses[isDown ? 'other' : working],
    detectedErrors: writeDetectedErrors(errors),
  };
};

interface Reason {
  readonly keyword: string;
  readonly severity: Severity;
}

/** Without a suffix the worst is meant (RFC 8011 section 5.4.12). */
const parseReason = (reason: string): Reason => {
  const severity = severities.find((candidate) => reason.endsWith(`-${candidate}`));
  return severity === undefined
    ? { keyword: reason, severity: 'error' }
    : { keyword: reason.slice(0, -severity.length - 1), severity };
};

/** The bit of the same keyword and severity, else the first of that keyword. */
const errorOf = ({ keyword, severity }: Reason): DetectedError | undefined => {
  const candidates = detectedErrors.filter(
    (error) => meanings[error].keywords.includes(keyword) || meanings[error].alike?.includes(keyword),
  );
  return candidates.find((error) => meanings[error].severity === severity) ?? candidates[0];
};
