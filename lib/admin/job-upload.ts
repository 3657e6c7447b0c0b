// A file becomes a job: its octets go from the connection to the spool as they come; half a file leaves nothing (P4).

import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { PlatenError } from '../errors.js';
import { holdUntilKeywords } from '../queue/hold-until.js';
import type { AdminApp, AdminParts } from './admin-parts.js';
import { groupQuery, nameText, plainText, wholeText } from './fields.js';
import type { Groups } from './groups.js';
import { jobDetailAnswer, showJobDetail } from './job-answers.js';
import { problemResponses } from './problems.js';

const uploadQuery = groupQuery.extend({
  printer: nameText,
  name: plainText(255).default('document'),
  user: plainText(255).default('operator'),
  copies: wholeText(1, 9_999).default(1),
  priority: wholeText(1, 100).optional(),
  hold: z.enum(holdUntilKeywords).default('no-hold').describe('job-hold-until'),
  format: plainText(255)
    .regex(/^[A-Za-z0-9!#$&^_.+-]+\/[A-Za-z0-9!#$&^_.+-]+$/, 'expected a media type')
    .default('application/octet-stream')
    .describe('Media type of the file'),
});

const announcedLength = ({ headers }: FastifyRequest): number | undefined =>
  headers['content-length'] === undefined ? undefined : Number(headers['content-length']);

/** Octets as they come. A client that goes away ends them with `document-incomplete`. */
async function* body({ raw }: FastifyRequest): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    // The connection stays, so that a refusal in the middle can be answered.
    yield* raw.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    throw new PlatenError('document-incomplete', undefined, { cause });
  }
}

const askForBody = ({ headers }: FastifyRequest, { raw }: FastifyReply): void => {
  if (headers.expect !== undefined) raw.writeContinue();
};

export const jobUpload = (app: AdminApp, groups: Groups, { limits }: AdminParts): void => {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/octet-stream', (_request, _payload, done) => done(null));

  app.post('/api/1/jobs', {
    config: { policy: 'token', forGroup: true, readsBody: true },
    bodyLimit: limits.maxDocumentBytes,
    schema: {
      summary: 'Prints a file: the body, as application/octet-stream',
      description:
        'The answer comes when the job is on disk. "Expect: 100-continue" tells of a refusal before the file is sent.',
      consumes: ['application/octet-stream'],
      querystring: uploadQuery,
      response: { 201: jobDetailAnswer, ...problemResponses },
    },
    handler: async (request, reply) => {
      const { group, printer, name, user, copies, priority, hold, format } = request.query;
      const spooler = groups.spooler(group);
      const expectedBytes = announcedLength(request);
      if (expectedBytes === undefined && request.headers['transfer-encoding'] === undefined)
        throw new PlatenError('bad-request', 'the request has no body: send the file as application/octet-stream');
      await spooler.uploads.admit(printer, expectedBytes);
      const id = await spooler.uploads.takeJobId();
      askForBody(request, reply);
      const document = await spooler.uploads.receive({ job: id, number: 1 }, body(request), {
        name,
        format,
        ...(expectedBytes === undefined ? {} : { expectedBytes }),
      });
      if (document.length === 0) {
        await spooler.uploads.discard([document]);
        throw new PlatenError('bad-request', 'the file is empty: there is nothing to print');
      }
      const draft = {
        printer,
        name,
        user,
        copies,
        holdUntil: hold,
        ...(priority === undefined ? {} : { priority }),
        origin: { protocol: 'rest', address: request.clientAddress },
      } as const;
      const job = await spooler.uploads.submit(id, draft, { documents: [document], open: false });
      return reply.status(201).send(showJobDetail(job, spooler));
    },
  });
};
