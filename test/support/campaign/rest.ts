// What the campaign asks of the node's REST API, with types of its own.

import type { JobAtEnd } from './history.js';

type Listed = Pick<JobAtEnd, 'id' | 'state'>;

export interface RestServer {
  /** `http://host:port`; undefined while it does not listen. */
  readonly restUrl: string | undefined;
  token(): Promise<string>;
}

const get = async <Answer>(node: RestServer, path: string): Promise<Answer> => {
  const url = node.restUrl;
  if (url === undefined) throw new Error('the node does not listen');
  const response = await fetch(`${url}${path}`, {
    headers: { authorization: `Bearer ${await node.token()}` },
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new Error(`GET ${path}: ${response.status}`);
  return (await response.json()) as Answer;
};

/** Ids and states, all pages. */
export const listJobs = async (
  node: RestServer,
  which: 'not-completed' | 'completed' | 'all',
  group = 'print',
): Promise<Listed[]> => {
  const found: Listed[] = [];
  let from: number | undefined;
  do {
    const place = from === undefined ? '' : `&from=${from}`;
    const page = await get<{ jobs: Listed[]; next?: number }>(
      node,
      `/api/1/jobs?group=${group}&which=${which}&limit=250${place}`,
    );
    found.push(...page.jobs);
    from = page.next;
  } while (from !== undefined);
  return found;
};

export const showJob = (node: RestServer, id: number, group = 'print'): Promise<JobAtEnd> =>
  get(node, `/api/1/jobs/${id}?group=${group}`);
