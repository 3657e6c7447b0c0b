// Every operation there is: what operations-supported advertises is made of this list.

import type { Operation } from '../operation.js';
import { cancelJob } from './cancel-job.js';
import { cancelJobs } from './cancel-jobs.js';
import { cancelMyJobs } from './cancel-my-jobs.js';
import { closeJob } from './close-job.js';
import { createJob } from './create-job.js';
import { cupsAcceptJobs } from './cups-accept-jobs.js';
import { cupsGetClasses } from './cups-get-classes.js';
import { cupsGetDefault } from './cups-get-default.js';
import { cupsGetPrinters } from './cups-get-printers.js';
import { cupsRejectJobs } from './cups-reject-jobs.js';
import { getJobAttributes } from './get-job-attributes.js';
import { getJobs } from './get-jobs.js';
import { getPrinterAttributes } from './get-printer-attributes.js';
import { holdJob } from './hold-job.js';
import { pausePrinter } from './pause-printer.js';
import { printJob } from './print-job.js';
import { purgeJobs } from './purge-jobs.js';
import { releaseJob } from './release-job.js';
import { restartJob } from './restart-job.js';
import { resumePrinter } from './resume-printer.js';
import { sendDocument } from './send-document.js';
import { setJobAttributes } from './set-job-attributes.js';
import { validateJob } from './validate-job.js';

export const operations: readonly Operation[] = [
  printJob,
  validateJob,
  createJob,
  sendDocument,
  cancelJob,
  getJobAttributes,
  getJobs,
  getPrinterAttributes,
  holdJob,
  releaseJob,
  restartJob,
  pausePrinter,
  resumePrinter,
  purgeJobs,
  setJobAttributes,
  cancelJobs,
  cancelMyJobs,
  closeJob,
  cupsGetDefault,
  cupsGetPrinters,
  cupsGetClasses,
  cupsAcceptJobs,
  cupsRejectJobs,
];
