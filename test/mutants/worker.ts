// A worker with one mistake, put together as the real one is: `node dist/test/mutants/worker.js --mutant NAME --config FILE`.

import { parseArgs } from 'node:util';
import { loadConfig } from '../../lib/config.js';
import { type NodeParts, startNode } from '../../lib/main.js';
import { createLog } from '../../lib/platform/log.js';
import { openEmbeddedStore } from '../../lib/store/embedded/embedded-store.js';
import { openGreedySpool, openLateSpool, openNamelessSpool } from './careless-spools.js';
import { EarlyStore } from './early-store.js';
import { forgettingIds, keepingCompleted } from './forgetful-store.js';
import type { Mutant } from './names.js';

const parts: Readonly<Record<Mutant, Pick<NodeParts, 'openStore' | 'openSpool'>>> = {
  'answers-before-sync': { openSpool: openLateSpool },
  'syncs-no-directory': { openSpool: openNamelessSpool },
  'takes-half-documents': { openSpool: openGreedySpool },
  'answers-before-commit': { openStore: async (options) => new EarlyStore(await openEmbeddedStore(options)) },
  'keeps-completed': { openStore: async (options) => keepingCompleted(await openEmbeddedStore(options)) },
  'forgets-ids': { openStore: async (options) => forgettingIds(await openEmbeddedStore(options)) },
};

const { values } = parseArgs({ options: { config: { type: 'string' }, mutant: { type: 'string' } } });
const mutant = parts[values.mutant as Mutant];
const config = await loadConfig({ file: values.config, stateDirectory: undefined });
const node = await startNode({
  config,
  log: createLog(config.log.level),
  onFailure: () => process.exit(1),
  ...mutant,
});
process.once('SIGTERM', () => void node.stop({ cutOffAfterMs: 1_000 }));
const places = node.listening.map(({ protocol, address, port }) => `  ${protocol} ${address}:${port}\n`);
process.stdout.write(`${places.join('')}ready\n`);
