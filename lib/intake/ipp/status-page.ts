// What a browser sees at a printer's address: a small read-only page (printer-more-info points to it). Plain text: nothing in it can act.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { PlatenError } from '../../errors.js';
import type { PrinterRecord } from '../../model/printer.js';
import type { PrintSpooler } from '../../queue/print-spooler.js';
import type { VirtualServer } from '../../queue/virtual-server.js';
import { readPath } from './uris.js';

const headers = {
  'content-type': 'text/plain; charset=utf-8',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-cache',
};

// oxlint-disable-next-line no-control-regex
const printable = (text: string): string => text.replace(/[\x00-\x1f\x7f-\x9f]/g, ' ');

const describe = (spooler: PrintSpooler, printer: PrinterRecord): string => {
  const { state, reasons, message } = spooler.printerState(printer);
  const lines = [
    `${printer.name}: ${state}${reasons.length === 0 ? '' : ` (${reasons.join(', ')})`}`,
    ...(printer.info === '' ? [] : [`  ${printer.info}`]),
    ...(printer.location === '' ? [] : [`  at ${printer.location}`]),
    ...(message === '' ? [] : [`  ${message}`]),
    `  ${printer.accepting ? 'accepts' : 'does not accept'} jobs; ${spooler.jobs.unfinishedCountOf(printer.name)} waiting or printing`,
  ];
  return lines.map(printable).join('\n');
};

const page = (server: VirtualServer, path: string): { status: number; body: string } => {
  const target = readPath(path);
  if (target === undefined || target.kind === 'job') return { status: 404, body: 'There is nothing here.\n' };
  try {
    const spooler = server.spooler();
    const printers = target.kind === 'printer' ? [spooler.printers.must(target.name)] : spooler.printers.all();
    const body = printers.map((printer) => describe(spooler, printer)).join('\n\n');
    return { status: 200, body: body === '' ? 'There are no printers yet.\n' : `${body}\n` };
  } catch (error) {
    if (error instanceof PlatenError) return { status: error.kind.http, body: `${printable(error.message)}\n` };
    throw error;
  }
};

export const statusPage = (request: IncomingMessage, response: ServerResponse, server: VirtualServer): void => {
  const [path = '/'] = (request.url ?? '/').split('?');
  const { status, body } = page(server, path);
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(request.method === 'HEAD' ? undefined : body);
};
