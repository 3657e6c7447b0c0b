// Clients that send a job again after a takeover: one that never heard of the first one gets its id, one that went on gets a second job.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import t, { type Test } from 'tap';
import { startAnswerThief } from '../support/answer-thief.js';
import { callIpp, type IppReply } from '../support/campaign/ipp-client.js';
import { sendLpd } from '../support/campaign/lpd-sender.js';
import { type Cluster, groupName, startCluster } from '../support/cluster/cluster.js';
import { killOwner, startAgain } from '../support/cluster/kill-owner.js';
import { skipWithoutEtcd } from '../support/etcd.js';
import { run } from '../support/peers.js';

const printer = 'desk';
const document = Buffer.alloc(100_000, 'Dear Sir or Madam. ');

const start = async (t: Test): Promise<Cluster> => {
  const cluster = await startCluster(t, { devicePorts: [] });
  await cluster.addPrinter(printer, 'socket://192.0.2.1');
  await cluster.operate('printer', 'pause', printer, '--group', groupName);
  return cluster;
};

const jobsNamed = async (cluster: Cluster, name: string): Promise<readonly number[]> =>
  (
    await (
      await cluster.owning()
    ).ask<{ jobs: readonly { id: number; name: string }[] }>(
      'GET',
      `/api/1/jobs?group=${groupName}&which=not-completed`,
    )
  ).jobs
    .filter((job) => job.name === name)
    .map(({ id }) => id);

const print = (port: { host?: string; port: number }, jobName: string): Promise<IppReply> =>
  callIpp({ ...port, printer, agent: false }, { operation: 'print-job', jobName, document });

t.test('an answer that died with its owner', skipWithoutEtcd, async (t) => {
  const cluster = await start(t);
  const thieves = {
    ipp: await startAnswerThief(t, cluster.at('ipp')),
    lpd: await startAnswerThief(t, cluster.at('lpd')),
  };

  const ippStolen = thieves.ipp.steal(document.length);
  const unheard = print({ port: thieves.ipp.port }, 'ipp');
  const ippBreaks = await ippStolen;
  const first = await killOwner(cluster);
  ippBreaks();
  t.not((await unheard).answer, 'acknowledged');
  const again = await print(cluster.at('ipp'), 'ipp');
  t.strictSame(await jobsNamed(cluster, 'ipp'), [again.id], 'one job over IPP');
  const third = await print(cluster.at('ipp'), 'ipp');
  t.strictSame((await jobsNamed(cluster, 'ipp')).length, 2, `${third.id} is another one`);
  await startAgain(first.killed);

  const lpd = { printer, name: 'lpd', document, dataFirst: false } as const;
  const lpdStolen = thieves.lpd.steal(document.length);
  const lpdUnheard = sendLpd({ port: thieves.lpd.port }, lpd);
  const lpdBreaks = await lpdStolen;
  const second = await killOwner(cluster);
  lpdBreaks();
  t.not((await lpdUnheard).answer, 'acknowledged');
  t.equal((await sendLpd(cluster.at('lpd'), lpd)).answer, 'acknowledged');
  t.equal((await jobsNamed(cluster, 'lpd')).length, 1, 'one job over LPD');
  await startAgain(second.killed);

  const shown = await cluster.operate('printer', 'show', printer, '--group', groupName);
  t.match(shown, /resends +1 recognised/);
  t.match(await cluster.operate('events'), /job-resent/);
});

t.test('clients that had their answers', skipWithoutEtcd, async (t) => {
  const cluster = await start(t);
  t.equal((await print(cluster.at('ipp'), 'twice')).answer, 'acknowledged');
  // Whatever the owner answers now, it has seen the end of that connection before, and told it.
  for (let times = 0; times < 2; times += 1) await cluster.owning();
  await killOwner(cluster);
  t.equal((await print(cluster.at('ipp'), 'twice')).answer, 'acknowledged');
  t.equal((await jobsNamed(cluster, 'twice')).length, 2, 'the same job before and after a takeover');
  const file = path.join(cluster.directory, 'letter');
  await writeFile(file, document);
  for (let times = 0; times < 2; times += 1) {
    const { status, stderr } = await run('lp', ['-h', cluster.server(), '-d', printer, '-t', 'lp', file]);
    t.equal(status, 0, stderr);
  }
  t.equal((await jobsNamed(cluster, 'lp')).length, 2, 'lp twice');
});
