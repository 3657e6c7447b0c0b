// What an operation is: a number, whom it speaks to, who may call it, and what it does. One file each in operations/.

import type { JobRecord } from '../../model/job.js';
import type { PrinterRecord } from '../../model/printer.js';
import type { PrintSpooler } from '../../queue/print-spooler.js';
import type { IppAnswer, IppRequest } from './request.js';
import type { PrinterAttributes } from './printer-attributes.js';

/** `job-owner`: whoever claims the name of the job's user, or an operator. */
export type Policy = 'anyone' | 'job-owner' | 'operator';

export interface IppContext {
  readonly spooler: PrintSpooler;
  readonly printerAttributes: PrinterAttributes;
  /** Ratio and free octets for compressed documents. */
  readonly decompression: { readonly ratio: number; readonly freeBytes: number };
  readonly maxDocumentsPerJob: number;
  readonly isOperator: (request: IppRequest) => boolean;
  /** Wall clock, ms since 1970. */
  readonly now: () => number;
}

interface Shape {
  readonly id: number;
  readonly policy: Policy;
}

export type Operation =
  | (Shape & {
      readonly target: 'printer';
      run(request: IppRequest, context: IppContext, printer: PrinterRecord): Promise<IppAnswer>;
    })
  | (Shape & {
      readonly target: 'job';
      run(request: IppRequest, context: IppContext, job: JobRecord): Promise<IppAnswer>;
    })
  | (Shape & {
      /** A printer, or the server's own URI: all printers. */
      readonly target: 'printer-or-server';
      run(request: IppRequest, context: IppContext, printer: PrinterRecord | undefined): Promise<IppAnswer>;
    })
  | (Shape & {
      readonly target: 'server';
      run(request: IppRequest, context: IppContext): Promise<IppAnswer>;
    });
