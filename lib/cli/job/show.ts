// platen job show

import type { Command } from 'commander';
import type { JobDetailAnswer } from '../../admin/job-answers.js';
import { jobId } from '../arguments.js';
import { type CliParts, examples, openSession } from '../cli.js';
import { momentText, octetsText } from '../figures.js';
import type { Terminal } from '../terminal.js';

type Attempt = JobDetailAnswer['attempts'][number];

const showRecord = (terminal: Terminal, job: JobDetailAnswer): void => {
  const { hold, progress } = job;
  terminal.record([
    ['id', job.id],
    ['state', [job.state, ...job.reasons].join(', ')],
    ['message', job.message],
    [
      'progress',
      progress === undefined
        ? undefined
        : [`${progress.phase}, ${octetsText(progress.written)} sent`, progress.detail].filter(Boolean).join('; '),
    ],
    [
      'hold',
      hold === undefined
        ? undefined
        : `by ${hold.by}, until ${hold.endsAt === undefined ? hold.until : momentText(hold.endsAt)}`,
    ],
    ['printer', job.printer],
    ['name', job.name],
    ['user', `${job.user}${job.host === undefined ? '' : ` on ${job.host}`} (not proven)`],
    ['from', `${job.origin.address} over ${job.origin.protocol}`],
    ['priority', job.priority],
    ['copies', job.copies],
    ['accepted', momentText(job.created)],
    ['sent again', job.resends === 0 ? undefined : `${job.resends} times by its client, and told of this job`],
    ['resend of', job.resendOf === undefined ? undefined : `job ${job.resendOf}`],
    ['sent last', momentText(job.processing)],
    ['finished', momentText(job.completed)],
    ['documents', job.documentsKept ? 'kept' : 'no longer kept'],
    ['UUID', job.uuid],
  ]);
};

const showDocuments = (terminal: Terminal, { documents }: JobDetailAnswer): void => {
  if (documents.length === 0) return;
  terminal.line('');
  terminal.table(
    ['DOCUMENT', 'NAME', 'FORMAT', 'SIZE', 'COPIES ON', 'SHA-256'],
    documents.map(({ number, name = '', format, length, holders, sha256 }) => [
      number,
      name,
      format,
      octetsText(length),
      holders.join(' '),
      sha256,
    ]),
  );
};

/** A node that died in the middle has left no number. */
const sentText = (bytes: number, evidence: Attempt['evidence']): string =>
  bytes === 0 && evidence !== 'not-started' ? '-' : octetsText(bytes);

const showAttempts = (terminal: Terminal, { attempts }: JobDetailAnswer): void => {
  if (attempts.length === 0) return;
  terminal.line('');
  terminal.table(
    ['ATTEMPT', 'NODE', 'STARTED', 'ENDED', 'RESULT', 'EVIDENCE', 'SENT', 'DETAIL'],
    attempts.map(({ number, node, epoch, started, ended, result = 'under way', evidence, bytes, detail }) => [
      number,
      `${node} (${epoch})`,
      momentText(started),
      momentText(ended),
      result,
      evidence,
      sentText(bytes, evidence),
      detail,
    ]),
  );
};

export const jobShow = (parent: Command, cli: CliParts): void => {
  parent
    .command('show')
    .argument('<id>', 'the job', jobId)
    .description('everything about one job: its documents and its attempts')
    .addHelpText('after', examples('job show 17'))
    .action(async (id: number, _options: object, command: Command) => {
      const { client, terminal, json, query } = await openSession(command, cli);
      const job = await client.get<JobDetailAnswer>(`/api/1/jobs/${id}`, query);
      if (json) return terminal.json(job);
      showRecord(terminal, job);
      showDocuments(terminal, job);
      showAttempts(terminal, job);
    });
};
