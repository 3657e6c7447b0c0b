// What an agent says to one request (RFC 3416 section 4.2; for SNMPv1 RFC 1157 section 4.1). Pure; no answer is over the limits of R89.

import { encodeBinding, encodeResponse, responseOverhead } from '../protocols/snmp/message.js';
import type { ErrorStatus, SnmpRequest } from '../protocols/snmp/message.js';
import type { Oid } from '../protocols/snmp/ber.js';
import type { Instance, MibView } from './mib-view.js';

/** What fits one Ethernet frame: no answer is ever fragmented. */
export const maxAnswerOctets = 1_472;
export const maxRepetitions = 20;

/** Bindings that did not fit, or the position (from 1) of a name that SNMPv1 has no value for. */
type Bindings = readonly Buffer[] | 'too-big' | { readonly noSuchName: number };

export const answerRequest = (request: SnmpRequest, view: MibView): Buffer => {
  switch (request.type) {
    case 'get':
      return respond(
        request,
        each(request, (name) => ({ name, value: view.get(name) })),
      );
    case 'get-next':
      return respond(
        request,
        each(request, (name) => nextOrEnd(view, name)),
      );
    case 'get-bulk':
      return respond(request, bulk(request, view));
    case 'set':
      return refuseSet(request);
    default:
      return request.type satisfies never;
  }
};

/** The agent failed within: the manager is told so and may ask again. */
export const answerFailure = (request: SnmpRequest): Buffer => errorResponse(request, 'genErr', 0);

/** No variable can be written whatever the value (RFC 3416 section 4.2.5, rule 2); SNMPv1 says noSuchName (RFC 3584 section 4.4). */
const refuseSet = (request: SnmpRequest): Buffer =>
  errorResponse(request, request.version === 'v1' ? 'noSuchName' : 'notWritable', Math.min(1, request.names.length));

const respond = (request: SnmpRequest, bindings: Bindings): Buffer => {
  if (bindings === 'too-big') return tooBig(request);
  if ('noSuchName' in bindings) return errorResponse(request, 'noSuchName', bindings.noSuchName);
  return encodeResponse(request, { status: 'noError', index: 0, bindings: Buffer.concat(bindings) });
};

const errorResponse = (request: SnmpRequest, status: ErrorStatus, index: number): Buffer =>
  encodeResponse(request, { status, index, bindings: request.bindings });

/** RFC 3416 section 4.2.1: without bindings; SNMPv1 repeats them. */
const tooBig = (request: SnmpRequest): Buffer =>
  encodeResponse(request, {
    status: 'tooBig',
    index: 0,
    bindings: request.version === 'v1' ? request.bindings : Buffer.alloc(0),
  });

const nextOrEnd = (view: MibView, name: Oid): Instance => view.next(name) ?? { name, value: { type: 'endOfMibView' } };

const exceptions = new Set(['noSuchObject', 'noSuchInstance', 'endOfMibView']);

const each = (request: SnmpRequest, read: (name: Oid) => Instance): Bindings => {
  const list = new BoundedList(request);
  for (const [at, name] of request.names.entries()) {
    const instance = read(name);
    if (request.version === 'v1' && exceptions.has(instance.value.type)) return { noSuchName: at + 1 };
    if (!list.add(instance)) return 'too-big';
  }
  return list.bindings;
};

/** RFC 3416 section 4.2.3: what does not fit is left out. */
const bulk = (request: SnmpRequest, view: MibView): Bindings => {
  const list = new BoundedList(request);
  const first = request.names.slice(0, request.nonRepeaters);
  for (const name of first) if (!list.add(nextOrEnd(view, name))) return list.bindings;
  let names = request.names.slice(request.nonRepeaters);
  const repetitions = Math.min(request.maxRepetitions, maxRepetitions);
  for (let i = 0; i < repetitions && names.length > 0; i += 1) {
    const row = names.map((name) => nextOrEnd(view, name));
    for (const instance of row) if (!list.add(instance)) return list.bindings;
    if (row.every((instance) => instance.value.type === 'endOfMibView')) break;
    names = row.map((instance) => instance.name);
  }
  return list.bindings;
};

class BoundedList {
  readonly bindings: Buffer[] = [];
  #room: number;

  constructor(request: SnmpRequest) {
    this.#room = maxAnswerOctets - responseOverhead(request);
  }

  add(instance: Instance): boolean {
    const binding = encodeBinding(instance.name, instance.value);
    if (binding.length > this.#room) return false;
    this.#room -= binding.length;
    this.bindings.push(binding);
    return true;
  }
}
