// What the campaign asks of the node's REST API, with types of its own.

import { ask } from '../ask.js';
import type { JobAtEnd } from './history.js';

type Listed = Pick<JobAtEnd, 'id' | 'state'>;

export interface RestServer {
  /** `http[s]://host:port`; undefined while it does not listen. */
  readonly restUrl: string | undefined;
  /** The authority that it proves itself by. */
  readonly ca?: string | undefined;
  token(): Promise<string>;
}

const get = async <Answer>(node: RestServer, path: string): Promise<Answer> => {
  const url = node.restUrl;
  if (url === undefined) throw new Error('the node does not listen');
  const { status, text } = await ask(`${url}${path}`, {
    headers: { authorization: `Bearer ${await node.token()}` },
    ...(node.ca === undefined ? {} : { tls: { ca: node.ca } }),
    timeoutMs: 10_000,
  });
  if (status !== 200) throw new Error(`GET ${path}: ${status}`);
  return JSON.parse(text) as Answer;
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
