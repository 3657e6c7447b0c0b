// CUPS-Get-Classes: there are no classes; lpstat asks all the same.

import { operationIds } from '../../../protocols/ipp/operations.js';
import type { Operation } from '../operation.js';
import { ok } from '../request.js';

export const cupsGetClasses: Operation = {
  id: operationIds['CUPS-Get-Classes'],
  policy: 'anyone',
  target: 'server',
  run: async () => ok,
};
