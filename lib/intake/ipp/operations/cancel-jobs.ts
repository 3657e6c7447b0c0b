// Cancel-Jobs (PWG 5100.11 section 4.1.3): what `cancel -a` sends; whoever is no operator gets his own jobs canceled.

import { operationIds } from '../../../protocols/ipp/operations.js';
import type { Operation } from '../operation.js';
import { cancelAll } from '../cancel-all.js';

export const cancelJobs: Operation = {
  id: operationIds['Cancel-Jobs'],
  policy: 'anyone',
  target: 'printer-or-server',
  run: (request, context, printer) => cancelAll(request, context, { printer, onlyMine: !context.isOperator(request) }),
};
