// Set-Job-Attributes (RFC 3380 section 4.2): what `lp -i ID -q`, `-n` and `-H` send. All of it is set, or nothing.

import { ProtocolError } from '../../../errors.js';
import { integerOf, stringOf } from '../../../protocols/ipp/lookup.js';
import { operationIds } from '../../../protocols/ipp/operations.js';
import type { IppGroup } from '../../../protocols/ipp/values.js';
import { NotSupported, readHoldUntil } from '../job-ticket.js';
import type { Operation } from '../operation.js';
import { mostCopies } from '../printer-attributes.js';
import { ok } from '../request.js';
import { actualId } from '../targets.js';

const settable = ['copies', 'job-hold-until', 'job-name', 'job-priority'];

const numberIn = (group: IppGroup, name: string, most: number): number | undefined => {
  const attribute = group.attributes.find((candidate) => candidate.name === name);
  if (attribute === undefined) return undefined;
  const value = integerOf(group, name);
  if (value === undefined || value < 1 || value > most)
    throw new NotSupported('client-error-attributes-or-values-not-supported', `${name} is not 1 to ${most}`, [
      attribute,
    ]);
  return value;
};

export const setJobAttributes: Operation = {
  id: operationIds['Set-Job-Attributes'],
  policy: 'job-owner',
  target: 'job',
  run: async (request, { spooler }, job) => {
    const group = request.job;
    if (group === undefined || group.attributes.length === 0)
      throw new ProtocolError('client-error-bad-request', 'there is no job group with attributes to set');
    const refused = group.attributes.filter(({ name }) => !settable.includes(name));
    if (refused.length > 0)
      throw new NotSupported('client-error-attributes-not-settable', `${refused[0]?.name} cannot be set`, refused);
    const copies = numberIn(group, 'copies', mostCopies);
    const priority = numberIn(group, 'job-priority', 100);
    const name = stringOf(group, 'job-name');
    const holdUntil = readHoldUntil(group, spooler);
    await spooler.control.amend(actualId(job), {
      ...(copies === undefined ? {} : { copies }),
      ...(priority === undefined ? {} : { priority }),
      ...(name === undefined ? {} : { name }),
      ...(holdUntil === undefined ? {} : { holdUntil }),
    });
    return ok;
  },
};
