// CUPS's back end prints, and the owner is killed when it has accepted the job and before the client hears of it; as often as one likes.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startAnswerThief } from '../answer-thief.js';
import { check } from '../campaign/check.js';
import { contentOf, sha256 } from '../campaign/documents.js';
import type { Kill, SentJob } from '../campaign/history.js';
import { printByCups } from '../cups-back-end.js';
import type { TestScope } from '../peers.js';
import { checkCluster } from './check-cluster.js';
import { groupName } from './cluster.js';
import { interruptedAt } from './interrupted.js';
import { killOwner, startAgain } from './kill-owner.js';
import { endInOrder, lastLook, settled, startWithPrinters } from './takeover-run.js';

const printer = 'quick';
const octets = 300_000;

export interface ResendResult {
  readonly breaches: readonly unknown[];
  /** Whole documents that came out. */
  readonly printed: number;
}

export const resendRun = async (scope: TestScope, rounds: number): Promise<ResendResult> => {
  const cluster = await startWithPrinters(scope, {});
  const thief = await startAnswerThief(scope, cluster.at('ipp'));
  const uri = `ipp://127.0.0.1:${thief.port}/ipp/print/${printer}`;
  const jobs: SentJob[] = [];
  const kills: Kill[] = [];
  const failures: string[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const name = `cups-unheard-${round}`;
    const content = contentOf(name, 1, octets);
    const file = path.join(cluster.directory, name);
    await writeFile(file, content);
    // Nothing is being sent when the owner dies: what comes out twice then was taken twice.
    await cluster.operate('printer', 'pause', printer, '--group', groupName);
    const stolen = thief.steal(octets);
    const onFailure = (status: number, said: string): void => void failures.push(`${status}: ${said.slice(-200)}`);
    const printing = printByCups({ uri, name, file, onFailure });
    const breakOff = await stolen;
    const { killed, at } = await killOwner(cluster);
    breakOff();
    kills.push(interruptedAt(at));
    await cluster.operate('printer', 'resume', printer, '--group', groupName);
    const status = await printing;
    if (status !== 0) throw new Error(`${name} was given up with ${status}: ${failures.join('\n')}`);
    const documents = [{ length: content.length, sha256: sha256(content), answer: 'acknowledged' as const }];
    jobs.push({ tag: name, way: 'create-job', printer, sentAt: Date.now(), documents, created: 'acknowledged' });
    await startAgain(killed);
  }
  const looked = await lastLook(cluster, {
    seed: 'unheard',
    run: 1,
    jobs,
    kills,
    settled: await settled(cluster, 20_000),
    prints: cluster.printers.prints,
  });
  // What stands for another job, and what never got its document.
  const isEmpty = ({ state, documents }: (typeof looked.end)[number]): boolean =>
    state === 'aborted' && documents.length === 0;
  const history = { ...looked, end: looked.end.filter((job) => !isEmpty(job)) };
  const seen = await endInOrder(cluster);
  return {
    breaches: [...check(history), ...checkCluster({ ...seen, dueChanges: [rounds, rounds] })],
    printed: history.prints.filter(({ partOctets }) => partOctets === 0).length,
  };
};
