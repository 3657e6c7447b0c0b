// What nodes tell each other for operators: what runs on each, and what each says about its groups. Soft state, asked for when it is wanted.

import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { z } from 'zod';
import type { ResourceState } from '../model/cluster.js';
import type { AdminApp, AdminParts } from './admin-parts.js';
import { type ClusterFace, clusterOf } from './cluster-face.js';
import { nameText, time } from './fields.js';
import { forwardHeaders } from './policy.js';
import { problemResponses } from './problems.js';

export const resourceStates = [
  'offline',
  'online-pending',
  'online',
  'offline-pending',
  'failed',
] as const satisfies readonly ResourceState[];

const selfAnswer = z.object({
  node: z.string(),
  version: z.string(),
  leastMarginMs: z
    .number()
    .describe('What was left until the deadline when the tightest renewal of this life was confirmed'),
  says: z
    .array(z.object({ about: z.string(), text: z.string(), since: time('Since when it says so').optional() }))
    .describe('Why things are as they are'),
  groups: z
    .array(
      z.object({
        group: z.string(),
        resources: z.array(z.object({ name: z.string(), state: z.enum(resourceStates) })),
        sending: z.array(z.string()).describe('Documents that are being sent to devices'),
        uploads: z.number().describe('Documents that clients are sending'),
      }),
    )
    .describe('What runs here'),
});
export type SelfAnswer = z.output<typeof selfAnswer>;

/** A node that says nothing for so long is shown without its own words. */
const patienceMs = 1_500;
const mostOctets = 8 << 20;

const selfOf = ({ node }: ClusterFace, version: string, group?: string): SelfAnswer => {
  const { me, local, renewal } = node.view();
  const isMeant = (name: string): boolean => group === undefined || name === group;
  return {
    node: me,
    version,
    leastMarginMs: renewal.leastMargin,
    says: node
      .explain()
      .filter(({ about }) => isMeant(about))
      .map(({ about, text }) => {
        const since = node.history(about).at(-1)?.at;
        return { about, text, ...(since === undefined ? {} : { since }) };
      }),
    groups: [...local]
      .filter(([name]) => isMeant(name))
      .map(([name, { resources, sending, uploads }]) => ({
        group: name,
        resources: [...resources].map(([resource, { state }]) => ({ name: resource, state })),
        sending: [...sending],
        uploads,
      })),
  };
};

export const selfRoute = (app: AdminApp, parts: AdminParts): void => {
  app.get('/api/1/nodes/self', {
    config: { policy: 'token' },
    schema: {
      summary: 'What runs on this node of the cluster, and what it says about it',
      querystring: z.strictObject({ group: nameText.optional() }),
      response: { 200: selfAnswer, ...problemResponses },
    },
    handler: async ({ query }) => selfOf(clusterOf(parts), parts.node.version, query.group),
  });
};

const asked = (url: URL, headers: Readonly<Record<string, string>>): Promise<SelfAnswer | undefined> =>
  new Promise((resolve) => {
    const ask = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const sent = ask(url, { agent: false, headers, signal: AbortSignal.timeout(patienceMs) }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > mostOctets) sent.destroy();
      });
      response.on('close', () => resolve(undefined));
      response.on('end', () => {
        if (response.statusCode !== 200) return resolve(undefined);
        try {
          resolve(selfAnswer.parse(JSON.parse(text)));
        } catch {
          resolve(undefined);
        }
      });
    });
    sent.on('error', () => resolve(undefined));
    sent.end();
  });

/** Asks these nodes at once; a node that does not answer in time is missing. */
export const selvesOf = async (
  { cluster, version }: { cluster: ClusterFace; version: string },
  nodes: readonly string[],
  group?: string,
): Promise<ReadonlyMap<string, SelfAnswer>> => {
  const { me, observed } = cluster.node.view();
  const query = group === undefined ? '' : `?group=${encodeURIComponent(group)}`;
  const headers = { authorization: `Bearer ${cluster.secret}`, [forwardHeaders.node]: me };
  const answers = await Promise.all(
    nodes.map(async (node) => {
      if (node === me) return selfOf(cluster, version, group);
      const rest = observed.nodes.get(node)?.record.addresses.rest;
      const url = rest !== undefined && URL.canParse(rest) ? new URL(`/api/1/nodes/self${query}`, rest) : undefined;
      return url === undefined ? undefined : asked(url, headers);
    }),
  );
  return new Map(answers.flatMap((answer) => (answer === undefined ? [] : [[answer.node, answer] as const])));
};
