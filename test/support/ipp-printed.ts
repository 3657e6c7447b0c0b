// What came out at the scripted port behind an IPP server.

import type { ScriptedDelivery } from './scripted-port.js';
import type { IppServer } from './ipp-server.js';

/** The job's delivery, once it is there. */
export const printed = async ({ port }: Pick<IppServer, 'port'>, number = 1): Promise<ScriptedDelivery> => {
  while (port.deliveries.length < number) await new Promise((resolve) => setImmediate(resolve));
  const delivery = port.deliveries[number - 1];
  if (delivery === undefined) throw new Error('unreachable');
  return delivery;
};
