// What etcd's refusals mean to a call: gRPC status codes and etcd's own messages, as the JSON gateway gives them. Pure.

export interface Refusal {
  /** gRPC status code; undefined when something else than the gateway answered. */
  readonly code: number | undefined;
  readonly message: string;
}

/**
 * `elsewhere`: certainly not done, another member may do it. `mistake`: the caller's. `compacted`: the revision is no longer kept.
 * `doubtful`: it may have been done or may yet be.
 */
export type Meaning = 'elsewhere' | 'mistake' | 'compacted' | 'doubtful';

const invalidArgument = 3;
const permissionDenied = 7;
const unauthenticated = 16;

/**
 * "database space exceeded" is not here, so it is doubtful: the transaction that finds the quota passed while it is applied is answered so
 * and made all the same.
 */
const messages: readonly (readonly [text: string, meaning: Meaning])[] = [
  ['required revision has been compacted', 'compacted'],
  ['etcdserver: no leader', 'elsewhere'],
  ['raft proposal dropped', 'elsewhere'],
  ['etcdserver: too many requests', 'elsewhere'],
  ['etcdserver: not capable', 'elsewhere'],
  ['etcdserver: rpc not supported for learner', 'elsewhere'],
  ['etcdserver: request is too large', 'mistake'],
  ['etcdserver: too many operations in txn request', 'mistake'],
];

export const meaningOf = ({ code, message }: Refusal): Meaning => {
  const known = messages.find(([text]) => message.includes(text));
  if (known !== undefined) return known[1];
  if (code === invalidArgument) return 'mistake';
  return code === permissionDenied || code === unauthenticated ? 'elsewhere' : 'doubtful';
};
