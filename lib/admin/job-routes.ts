// Jobs: listed, shown, and what an operator does with them.

import { z } from 'zod';
import { PlatenError } from '../errors.js';
import type { JobRecord } from '../model/job.js';
import type { PrintSpooler } from '../queue/print-spooler.js';
import type { AdminApp } from './admin-parts.js';
import { groupQuery, jobIdText, nameText, wholeText } from './fields.js';
import type { Groups } from './groups.js';
import { jobAnswer, jobDetailAnswer, showJob, showJobDetail } from './job-answers.js';
import { jobFilters, jobPage } from './job-pages.js';
import { problemResponses } from './problems.js';

const jobParams = z.object({ id: jobIdText });
const jobsAnswer = z.object({
  jobs: z.array(jobAnswer),
  next: z
    .number()
    .optional()
    .describe('Id with which the next page starts (?from=); a page may be short before the end'),
});
export type JobsAnswer = z.output<typeof jobsAnswer>;

export const jobRoutes = (app: AdminApp, groups: Groups): void => {
  app.get('/api/1/jobs', {
    config: { policy: 'token', forGroup: true },
    schema: {
      summary: 'Jobs: unfinished ones in the order of their ids, others the newest first',
      querystring: groupQuery.extend({
        which: z.enum(jobFilters).default('not-completed'),
        printer: nameText.optional(),
        limit: wholeText(1, 250).default(100),
        from: jobIdText.optional(),
      }),
      response: { 200: jobsAnswer, ...problemResponses },
    },
    handler: async ({ query: { group, ...request } }) => {
      const { jobs, next } = await jobPage(groups.spooler(group).jobs, request);
      return { jobs: jobs.map(showJob), ...(next === undefined ? {} : { next }) };
    },
  });

  app.get('/api/1/jobs/:id', {
    config: { policy: 'token', forGroup: true },
    schema: {
      summary: 'One job with its documents and attempts',
      params: jobParams,
      querystring: groupQuery,
      response: { 200: jobDetailAnswer, ...problemResponses },
    },
    handler: async ({ params, query }) => {
      const spooler = groups.spooler(query.group);
      const job = await spooler.jobs.find(params.id);
      if (job === undefined) throw new PlatenError('job-not-found', `there is no job ${params.id}`);
      return showJobDetail(job, spooler);
    },
  });

  const acts: Readonly<
    Record<string, { summary: string; act: (spooler: PrintSpooler, id: number) => Promise<JobRecord> }>
  > = {
    cancel: {
      summary: 'Cancels an unfinished job',
      act: (spooler, id) => spooler.control.cancel(id, 'job-canceled-by-operator'),
    },
    hold: { summary: 'Holds a waiting job until it is released', act: (spooler, id) => spooler.control.hold(id) },
    release: { summary: 'Ends any hold of a job', act: (spooler, id) => spooler.control.release(id) },
    restart: {
      summary: 'Prints a finished job again, under its id',
      act: (spooler, id) => spooler.control.restart(id),
    },
  };
  for (const [word, { summary, act }] of Object.entries(acts))
    app.post(`/api/1/jobs/:id/${word}`, {
      config: { policy: 'token', forGroup: true },
      schema: {
        summary,
        params: jobParams,
        querystring: groupQuery,
        body: z.strictObject({}).nullish(),
        response: { 200: jobDetailAnswer, ...problemResponses },
      },
      handler: async ({ params, query }) => {
        const spooler = groups.spooler(query.group);
        return showJobDetail(await act(spooler, params.id), spooler);
      },
    });
};
