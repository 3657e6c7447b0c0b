// What the printer emulator answers to PJL (HP PJL Technical Reference, chapters "Status readback" and "Job separation").

import type { PrinterState } from './printer-emulator.js';

const answer = (...lines: readonly string[]): string => `${lines.map((line) => `${line}\r\n`).join('')}\f`;

/** Status codes of the PJL Technical Reference, appendix D. */
const deviceCodes = {
  lowPaper: 12_201,
  noPaper: 41_201,
  lowToner: 10_006,
  noToner: 40_010,
  doorOpen: 40_021,
  jammed: 40_022,
  offline: 10_002,
  serviceRequested: 50_000,
} as const;

const deviceLines = (state: PrinterState): string[] => {
  const [error] = state.detectedErrors;
  const ready = state.status === 'printing' ? 10_023 : 10_001;
  return [
    `CODE=${error === undefined ? ready : deviceCodes[error]}`,
    `DISPLAY="${state.display}"`,
    `ONLINE=${state.status === 'other' ? 'FALSE' : 'TRUE'}`,
  ];
};

/** What the client of one connection asked to be told. */
export class PjlSubscriptions {
  job = false;
  pages = false;
  device = false;
  jobName = '';

  note(command: string): void {
    const asked = /^USTATUS\s+(JOB|PAGE|DEVICE)\s*=\s*(\w+)/i.exec(command);
    const on = asked?.[2]?.toUpperCase() !== 'OFF';
    if (asked?.[1]?.toUpperCase() === 'JOB') this.job = on;
    if (asked?.[1]?.toUpperCase() === 'PAGE') this.pages = on;
    if (asked?.[1]?.toUpperCase() === 'DEVICE') this.device = on;
    if (/^USTATUSOFF\b/i.test(command)) this.job = this.pages = this.device = false;
    const job = /^JOB\b(?:.*?\bNAME\s*=\s*"([^"]*)")?/i.exec(command);
    if (job) this.jobName = job[1] ?? '';
  }

  page(number: number): string {
    return this.pages ? answer('@PJL USTATUS PAGE', String(number)) : '';
  }
}

export const pjlDeviceReport = (state: PrinterState): string => answer('@PJL USTATUS DEVICE', ...deviceLines(state));

/** The answer to one command; empty where there is none. */
export const pjlAnswer = (
  command: string,
  state: PrinterState,
  subscriptions: PjlSubscriptions,
  pages: number,
): string => {
  const upper = command.toUpperCase().replace(/\s+/g, ' ');
  if (upper.startsWith('ECHO')) return answer(`@PJL ${command}`);
  if (upper === 'INFO ID') return answer('@PJL INFO ID', `"${state.model}"`);
  if (upper === 'INFO STATUS') return answer('@PJL INFO STATUS', ...deviceLines(state));
  if (upper === 'INFO PAGECOUNT') return answer('@PJL INFO PAGECOUNT', String(state.lifeCount));
  if (upper.startsWith('INFO')) return answer(`@PJL ${command}`, '"?"');
  if (subscriptions.job && /^JOB\b/.test(upper))
    return answer('@PJL USTATUS JOB', 'START', `NAME="${subscriptions.jobName}"`);
  if (subscriptions.job && /^EOJ\b/.test(upper))
    return answer('@PJL USTATUS JOB', 'END', `NAME="${subscriptions.jobName}"`, `PAGES=${pages}`);
  return '';
};
