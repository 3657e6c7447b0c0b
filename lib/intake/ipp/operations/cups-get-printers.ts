// CUPS-Get-Printers: every printer of the virtual server, or the one that printer-name or limit leaves.

import { integerOf, stringOf } from '../../../protocols/ipp/lookup.js';
import { operationIds } from '../../../protocols/ipp/operations.js';
import type { Operation } from '../operation.js';
import { encodedPrinter } from './get-printer-attributes.js';

/** So many at once hold up nobody. */
const printersAPiece = 50;

export const cupsGetPrinters: Operation = {
  id: operationIds['CUPS-Get-Printers'],
  policy: 'anyone',
  target: 'server',
  run: async (request, context) => {
    const { operation } = request;
    const location = stringOf(operation, 'printer-location');
    const first = stringOf(operation, 'first-printer-name');
    const limit = integerOf(operation, 'limit');
    const printers = context.spooler.printers
      .all()
      .filter((printer) => location === undefined || printer.location === location)
      .filter((printer) => first === undefined || printer.name >= first)
      .slice(0, limit === undefined || limit < 1 ? undefined : limit);
    async function* encoded(): AsyncIterable<Uint8Array> {
      for (let at = 0; at < printers.length; at += printersAPiece) {
        const piece = printers.slice(at, at + printersAPiece);
        yield Buffer.concat(piece.flatMap((printer) => encodedPrinter(request, context, printer)));
        await new Promise<void>((resolve) => {
          setImmediate(resolve);
        });
      }
    }
    return { status: 'successful-ok', encoded: encoded() };
  },
};
