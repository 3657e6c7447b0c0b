// Pure: which peers understand each other. Every request and every answer names its sender's version of the protocol, `major.minor`.

import { peerProtocol } from '../../model/versions.js';

export const versionHeader = 'platen-peer';
export const ownVersion = `${peerProtocol.major}.${peerProtocol.minor}`;

/** Why that node is not understood, in words; undefined when it is. A later minor version is; none named is the first. */
export const versionFault = (theirs: string | readonly string[] | undefined): string | undefined => {
  const text = String(theirs ?? '1.0');
  const [, major] = /^(\d{1,9})\.\d{1,9}$/.exec(text) ?? [];
  if (Number(major) === peerProtocol.major) return undefined;
  const named = major === undefined ? 'an unknown version' : `version ${text}`;
  return `it speaks ${named} of the peer protocol, and this node speaks ${ownVersion}`;
};
