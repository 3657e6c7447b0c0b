// The load generator as a process of its own: takes one load over its pipe, answers with the result.

import { type Load, runLoad } from './load.js';

process.once('message', (load: Load) => {
  runLoad(load)
    .then(
      (result) => process.send?.({ result }),
      (error: unknown) => process.send?.({ failed: (error as Error).message }),
    )
    .finally(() => process.disconnect());
});
