// Pure: where the connection of an attempt comes from (DESIGN section 5). With a floating address go the octets in the kernel's buffers.

import type { JobRecord } from '../model/job.js';
import type { PrinterRecord } from '../model/printer.js';
import type { PortSource } from '../ports/port.js';

/**
 * `addresses`: of the virtual server, where connections are bound to them; `epoch`: of the present ownership. The first attempt after a takeover has
 * the source port of the one that the last owner began, too: a printer that serves one connection at a time drops the dead one then.
 */
export const deviceSource = (
  job: Pick<JobRecord, 'attempts'>,
  { device }: Pick<PrinterRecord, 'device'>,
  { addresses, epoch }: { readonly addresses: readonly string[]; readonly epoch: number },
): PortSource => {
  if (device.localAddress !== undefined) return { addresses: [device.localAddress] };
  const last = job.attempts.at(-1);
  const isTakenOver = last !== undefined && last.epoch < epoch && last.sourcePort > 0;
  return { addresses, ...(isTakenOver && addresses.length > 0 ? { port: last.sourcePort } : {}) };
};
