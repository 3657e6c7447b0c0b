// What the campaign asks of the node's REST API, with types of its own.

import type { JobAtEnd } from './history.js';
import type { NodeRunner } from './node-runner.js';

type Listed = Pick<JobAtEnd, 'id' | 'state'>;

const get = async <Answer>(node: NodeRunner, path: string): Promise<Answer> => {
  const ports = node.ports;
  if (ports === undefined) throw new Error('the node does not listen');
  const response = await fetch(`http://127.0.0.1:${ports.rest}${path}`, {
    headers: { authorization: `Bearer ${await node.token()}` },
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new Error(`GET ${path}: ${response.status}`);
  return (await response.json()) as Answer;
};

/** Ids and states, all pages. */
export const listJobs = async (node: NodeRunner, which: 'not-completed' | 'completed' | 'all'): Promise<Listed[]> => {
  const found: Listed[] = [];
  let from: number | undefined;
  do {
    const place = from === undefined ? '' : `&from=${from}`;
    const page = await get<{ jobs: Listed[]; next?: number }>(node, `/api/1/jobs?which=${which}&limit=250${place}`);
    found.push(...page.jobs);
    from = page.next;
  } while (from !== undefined);
  return found;
};

export const showJob = (node: NodeRunner, id: number): Promise<JobAtEnd> => get(node, `/api/1/jobs/${id}`);
