// A cluster's own authority in a directory that is gone after the test, and what nodes are given of it.

import path from 'node:path';
import type { EventCode } from '../../lib/model/event.js';
import { AuthorityFolder, type IssueOptions } from '../../lib/platform/certificates/authority-folder.js';
import { Credentials, type CredentialParts } from '../../lib/platform/certificates/credentials.js';
import { nodeFiles } from '../../lib/platform/certificates/files.js';
import type { CredentialFiles } from '../../lib/platform/certificates/material.js';
import { tlsWays } from '../../lib/platform/certificates/tls-ways.js';
import { systemClock } from '../../lib/platform/clock.js';
import { silentLog } from '../../lib/platform/log.js';
import type { NodeWays } from '../../lib/platform/node-ways.js';
import type { TestScope } from './peers.js';
import { temporaryDirectory } from './temporary.js';

const dayMs = 86_400_000;

export class TestAuthority extends AuthorityFolder {
  /** Made, or made anew. */
  async give(node: string, options: Partial<IssueOptions> = {}): Promise<CredentialFiles> {
    await this.issue({ node, days: 60, now: Date.now(), force: true, ...options });
    return this.filesOf(node);
  }

  filesOf(node: string): CredentialFiles {
    const at = (file: string): string => path.join(this.folderOf(node), file);
    return {
      ca: at(nodeFiles.ca),
      certificate: at(nodeFiles.certificate),
      key: at(nodeFiles.key),
      crl: at(nodeFiles.crl),
    };
  }
}

/** Founded a year ago, so that it can have issued what has ended since. */
export const testAuthority = async (t: TestScope): Promise<TestAuthority> => {
  const authority = new TestAuthority(path.join(await temporaryDirectory(t), 'ca'));
  await authority.init(Date.now() - 365 * dayMs);
  return authority;
};

export interface TestNode {
  readonly credentials: Credentials;
  readonly ways: NodeWays;
  /** `code: text` */
  readonly news: string[];
}

/** A node as far as its certificates go. Its files are looked at when the test says so. */
export const testNode = async (
  t: TestScope,
  node: string,
  files: CredentialFiles,
  parts: Partial<CredentialParts> = {},
): Promise<TestNode> => {
  const { clock = systemClock, log = silentLog } = parts;
  const credentials = await Credentials.open({ files, node, clock, log });
  t.teardown(async () => credentials.close());
  const news: string[] = [];
  const note = (code: EventCode, text: string): void => void news.push(`${code}: ${text}`);
  credentials.tell(note);
  return { credentials, ways: tlsWays(credentials, { clock, log, news: note }), news };
};
