// How people are shown a printer.

import type { PrinterAnswer } from '../../admin/printer-answers.js';
import { momentText, octetsText } from '../figures.js';
import type { Terminal } from '../terminal.js';

export const printerStateText = ({ state, paused, accepting, printing, refusals }: PrinterAnswer): string => {
  const words = [
    printing === undefined
      ? paused
        ? 'paused'
        : state
      : `printing job ${printing.job}${paused ? ', then paused' : ''}`,
  ];
  if (refusals > 0) words.push('device does not answer');
  if (!accepting) words.push('rejects jobs');
  return words.join(', ');
};

const yesNo = (value: boolean): string => (value ? 'yes' : 'no');

const progressText = ({ printing }: PrinterAnswer): string | undefined => {
  if (printing?.progress === undefined) return undefined;
  const { phase, written, drained, detail } = printing.progress;
  return `${phase}, ${octetsText(written)} sent, ${octetsText(drained)} acknowledged${detail === '' ? '' : `; ${detail}`}`;
};

export const showPrinterRecord = (terminal: Terminal, printer: PrinterAnswer): void => {
  const { device } = printer;
  terminal.record([
    ['name', printer.name],
    ['state', printerStateText(printer)],
    ['reasons', printer.stateReasons.join(', ')],
    ['message', printer.stateMessage],
    ['progress', progressText(printer)],
    ['waiting jobs', printer.unfinishedJobs],
    ['device', printer.deviceUri],
    ['addresses', printer.deviceAddresses.join(', ')],
    ['info', printer.info],
    ['location', printer.location],
    ['make and model', printer.makeAndModel],
    ['formats', printer.formats.join(', ')],
    ['when interrupted', printer.interrupted],
    ['held after', `${printer.maxAttempts} failed attempts`],
    ['resends', printer.resends === 'off' ? 'not recognised' : `${printer.resendsRecognised} recognised`],
    ['one job at a time', `per ${device.lock}`],
    ['half-close', yesNo(device.halfClose)],
    ['confirm after', `${device.confirmAfterMs} ms`],
    ['LPD order', device.lpdOrder],
    ['LPD reserved port', yesNo(device.lpdReservedPort)],
    ['TLS verified', yesNo(device.tlsVerify)],
    ['local address', device.localAddress],
    [
      'SNMP',
      device.snmp === undefined
        ? 'not polled'
        : `UDP port ${device.snmp.port}, index ${device.snmp.index}, community set`,
    ],
    ['UUID', printer.uuid],
    ['made', momentText(printer.created)],
    ['changed', momentText(printer.changed)],
  ]);
};
