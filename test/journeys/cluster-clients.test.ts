// Clients in the middle of something when their server dies: half an upload leaves nothing, half a job goes on, CUPS's back end ends well.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { check } from '../support/campaign/check.js';
import { contentOf, sha256 } from '../support/campaign/documents.js';
import type { Answer, SentJob } from '../support/campaign/history.js';
import { callIpp } from '../support/campaign/ipp-client.js';
import { sendLpd } from '../support/campaign/lpd-sender.js';
import { checkCluster } from '../support/cluster/check-cluster.js';
import type { Cluster } from '../support/cluster/cluster.js';
import { interruptedAt } from '../support/cluster/interrupted.js';
import { killOwner } from '../support/cluster/kill-owner.js';
import { resendRun } from '../support/cluster/resend-run.js';
import { endInOrder, lastLook, longPrinter, settled, startWithPrinters } from '../support/cluster/takeover-run.js';
import { printByCups, withBackEnd } from '../support/cups-back-end.js';
import { skipWithoutEtcd } from '../support/etcd.js';

const printer = 'quick';
const octets = 1_000_000;

interface Sent {
  readonly answer: Answer;
  readonly id?: number;
}

const ledgerOf = (tag: string, way: SentJob['way'], size = octets, to = printer): { job: SentJob; content: Buffer } => {
  const content = contentOf(tag, 1, size);
  const documents = [{ length: content.length, sha256: sha256(content), answer: 'unknown' as Answer }];
  return { content, job: { tag, way, printer: to, sentAt: Date.now(), documents } };
};

const noted = (job: SentJob, { answer, id }: Sent): Answer => {
  job.documents[0]!.answer = answer;
  job.answeredAt = Date.now();
  if (id !== undefined) job.id = id;
  return answer;
};

/** Everything came out once; nothing is left. */
const ends = async (t: Test, cluster: Awaited<ReturnType<typeof startWithPrinters>>, jobs: SentJob[], at: number) => {
  const looked = await lastLook(cluster, {
    seed: t.name,
    run: 1,
    jobs,
    kills: [interruptedAt(at)],
    settled: await settled(cluster, 20_000),
    prints: cluster.printers.prints,
  });
  // A job that was created and never got its document was ended by the server.
  const empty = looked.end.filter(({ state, documents }) => state === 'aborted' && documents.length === 0);
  const history = { ...looked, end: looked.end.filter((job) => !empty.includes(job)) };
  t.strictSame(check(history), []);
  t.strictSame(checkCluster({ ...(await endInOrder(cluster)), dueChanges: [1, 1] }), []);
  return history;
};

/** Pieces of 16 KiB, some milliseconds apart: it lasts for longer than the test needs. */
const slowly = { pieceMs: 40 };

const senders: Readonly<
  Record<
    string,
    { way: SentJob['way']; send: (cluster: Cluster, tag: string, document: Buffer, slow: object) => Promise<Sent> }
  >
> = {
  IPP: {
    way: 'print-job',
    send: (cluster, tag, document, slow) =>
      callIpp(
        { ...cluster.at('ipp'), printer, agent: false },
        { operation: 'print-job', jobName: tag, document, ...slow },
      ),
  },
  LPD: {
    way: 'lpd',
    send: (cluster, tag, document, slow) =>
      sendLpd(cluster.at('lpd'), { printer, name: tag, document, dataFirst: false, ...slow }),
  },
};

for (const [protocol, { way, send }] of Object.entries(senders))
  t.test(
    `half an upload over ${protocol} at a takeover prints nothing, and its retry prints once`,
    skipWithoutEtcd,
    async (t) => {
      const cluster = await startWithPrinters(t, {});
      const half = ledgerOf(`half-${way}`, way);
      const sending = send(cluster, half.job.tag, half.content, slowly);
      await cluster.eye.heardAgain(['a', 'b', 'c'], 2);
      const { at } = await killOwner(cluster);
      const answer = noted(half.job, await sending);
      t.not(answer, 'acknowledged', 'the client sees a failure');
      // It was not sent to its end.
      half.job.documents[0]!.answer = 'cut';
      const retry = ledgerOf(`retry-${way}`, way);
      t.equal(noted(retry.job, await send(cluster, retry.job.tag, retry.content, {})), 'acknowledged');
      const { end } = await ends(t, cluster, [half.job, retry.job], at);
      t.strictSame(
        end.map(({ name }) => name),
        [retry.job.tag],
      );
    },
  );

t.test('Create-Job on the old owner, Send-Document on the new one', skipWithoutEtcd, async (t) => {
  const cluster = await startWithPrinters(t, {});
  const { job, content } = ledgerOf('two-owners', 'create-job');
  const target = { ...cluster.at('ipp'), printer, agent: false } as const;
  const created = await callIpp(target, { operation: 'create-job', jobName: job.tag });
  t.equal(created.answer, 'acknowledged');
  job.created = created.answer;
  const { at } = await killOwner(cluster);
  const sent = await callIpp(target, { operation: 'send-document', job: created.id!, last: true, document: content });
  t.equal(noted(job, { answer: sent.answer, id: created.id! }), 'acknowledged', sent.detail);
  const { end } = await ends(t, cluster, [job], at);
  t.match(end, [{ id: created.id, state: 'completed' }]);
});

/** With what the back end said when it failed. */
const printed = (cluster: Cluster, to: string, name: string, file: string): Promise<number> =>
  printByCups({
    uri: cluster.uri(to),
    name,
    file,
    onFailure: (status, said) => t.comment(`the back end ended with ${status}: ${said.slice(-200)}`),
  });

t.test("CUPS's ipp back end: the owner dies before the last octet", withBackEnd, async (t) => {
  const cluster = await startWithPrinters(t, { settings: { jobs: { multipleOperationTimeoutMs: 1_500 } } });
  const { job, content } = ledgerOf('cups-before', 'print-job', 80_000_000);
  const file = path.join(cluster.directory, 'document');
  await writeFile(file, content);
  const printing = printed(cluster, printer, job.tag, file);
  const owner = await cluster.owning();
  await owner.holds(4_000_000);
  const { at } = await killOwner(cluster);
  t.equal(await printing, 0);
  noted(job, { answer: 'acknowledged' });
  const { prints } = await ends(t, cluster, [job], at);
  t.equal(prints.filter(({ partOctets }) => partOctets === 0).length, 1, 'printed once');
});

t.test("CUPS's ipp back end: the owner dies after the answer", withBackEnd, async (t) => {
  const cluster = await startWithPrinters(t, {});
  const { job, content } = ledgerOf('cups-after', 'print-job', 12_000_000, longPrinter);
  const file = path.join(cluster.directory, 'document');
  await writeFile(file, content);
  const printing = printed(cluster, longPrinter, job.tag, file);
  const device = cluster.printers.emulators[longPrinter]!;
  while (device.bytesInFlight === 0) await pause(5);
  const { at } = await killOwner(cluster);
  await device.behave({ stopAfter: Infinity });
  device.resume();
  t.equal(await printing, 0);
  noted(job, { answer: 'acknowledged' });
  const { prints, end } = await ends(t, cluster, [job], at);
  t.equal(end.length, 1, 'one job');
  t.equal(prints.filter(({ partOctets }) => partOctets === 0).length, 1, 'printed once');
});

t.test("CUPS's ipp back end: the owner dies between commit and answer", withBackEnd, async (t) => {
  t.match(await resendRun(t, 2), { breaches: [], printed: 2 });
});
