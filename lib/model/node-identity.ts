// Pure: how a certificate says which node it is for (R91): one URI among its subject's alternative names.

import { isName } from './names.js';

const prefix = 'urn:platen:node:';

export const nodeUri = (node: string): string => `${prefix}${node}`;

/**
 * The node that a certificate is for, by its alternative names as Node.js writes them (`URI:urn:platen:node:a, IP Address:192.0.2.1`);
 * undefined unless it names exactly one.
 */
export const nodeOfNames = (names: string | undefined): string | undefined => {
  // Node.js quotes what could be taken for several names; no certificate of ours has such.
  if (names === undefined || names.includes('"')) return undefined;
  const nodes = names.split(', ').filter((name) => name.startsWith(`URI:${prefix}`));
  const node = nodes[0]?.slice(`URI:${prefix}`.length);
  return nodes.length === 1 && node !== undefined && isName(node) ? node : undefined;
};
