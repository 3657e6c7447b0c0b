// Printers: made, shown, changed, paused and removed.

import { z } from 'zod';
import { PlatenError } from '../errors.js';
import type { PrinterRecord } from '../model/printer.js';
import type { PrintSpooler } from '../queue/print-spooler.js';
import type { AdminApp } from './admin-parts.js';
import { groupQuery, nameText, plainText, wholeText } from './fields.js';
import type { Groups } from './groups.js';
import { printerAnswer, showPrinter } from './printer-answers.js';
import { printerDraft, printerSettings } from './printer-settings.js';
import { problemResponses } from './problems.js';

const printerParams = z.object({ name: nameText });
const printersAnswer = z.object({
  printers: z.array(printerAnswer),
  next: z.string().optional().describe('Name with which the next page starts (?from=)'),
});
export type PrintersAnswer = z.output<typeof printersAnswer>;

export const printerRoutes = (app: AdminApp, groups: Groups): void => {
  app.get('/api/1/printers', {
    config: { policy: 'token', forGroup: true },
    schema: {
      summary: 'Printers in the order of their names',
      querystring: groupQuery.extend({ limit: wholeText(1, 250).default(200), from: nameText.optional() }),
      response: { 200: printersAnswer, ...problemResponses },
    },
    handler: async ({ query: { group, limit, from = '' } }) => {
      const spooler = groups.spooler(group);
      const rest = spooler.printers.all().filter(({ name }) => name >= from);
      const next = rest[limit]?.name;
      const printers = rest.slice(0, limit).map((printer) => showPrinter(printer, spooler));
      return { printers, ...(next === undefined ? {} : { next }) };
    },
  });

  app.post('/api/1/printers', {
    config: { policy: 'token', forGroup: true },
    schema: {
      summary: 'Makes a printer',
      querystring: groupQuery,
      body: printerDraft,
      response: { 201: printerAnswer, ...problemResponses },
    },
    handler: async ({ query, body }, reply) => {
      const spooler = groups.spooler(query.group);
      return reply.status(201).send(showPrinter(await spooler.addPrinter(body), spooler));
    },
  });

  app.get('/api/1/printers/:name', {
    config: { policy: 'token', forGroup: true },
    schema: {
      summary: 'One printer',
      params: printerParams,
      querystring: groupQuery,
      response: { 200: printerAnswer, ...problemResponses },
    },
    handler: async ({ params, query }) => {
      const spooler = groups.spooler(query.group);
      return showPrinter(spooler.printers.must(params.name), spooler);
    },
  });

  app.patch('/api/1/printers/:name', {
    config: { policy: 'token', forGroup: true },
    schema: {
      summary: 'Changes what is given of a printer',
      params: printerParams,
      querystring: groupQuery,
      body: printerSettings,
      response: { 200: printerAnswer, ...problemResponses },
    },
    handler: async ({ params, query, body }) => {
      if (Object.keys(body).length === 0) throw new PlatenError('bad-request', 'the request changes nothing');
      const spooler = groups.spooler(query.group);
      return showPrinter(await spooler.changePrinter(params.name, body), spooler);
    },
  });

  app.delete('/api/1/printers/:name', {
    config: { policy: 'token', forGroup: true },
    schema: {
      summary: 'Removes a printer that has no unfinished jobs',
      params: printerParams,
      querystring: groupQuery,
      response: { 204: z.undefined(), ...problemResponses },
    },
    handler: async ({ params, query }, reply) => {
      await groups.spooler(query.group).removePrinter(params.name);
      return reply.status(204).send();
    },
  });

  app.post('/api/1/printers/:name/pause', {
    config: { policy: 'token', forGroup: true },
    schema: {
      summary: 'Starts no further job there; goes on accepting',
      params: printerParams,
      querystring: groupQuery,
      body: z
        .strictObject({
          message: plainText(127).default('').describe('Why, for people'),
          now: z.boolean().default(false).describe('Cut the job being sent off; it is sent anew after the resume'),
        })
        .nullish(),
      response: { 200: printerAnswer, ...problemResponses },
    },
    handler: async ({ params, query, body }) => {
      const spooler = groups.spooler(query.group);
      const { message = '', now = false } = body ?? {};
      return showPrinter(await spooler.pausePrinter(params.name, { message, cutOff: now }), spooler);
    },
  });

  const acts: Readonly<
    Record<string, { summary: string; act: (spooler: PrintSpooler, name: string) => Promise<PrinterRecord> }>
  > = {
    resume: { summary: 'Prints again', act: (spooler, name) => spooler.resumePrinter(name) },
    accept: { summary: 'Accepts jobs again', act: (spooler, name) => spooler.changePrinter(name, { accepting: true }) },
    reject: {
      summary: 'Accepts no further job; prints those it has',
      act: (spooler, name) => spooler.changePrinter(name, { accepting: false }),
    },
  };
  for (const [word, { summary, act }] of Object.entries(acts))
    app.post(`/api/1/printers/:name/${word}`, {
      config: { policy: 'token', forGroup: true },
      schema: {
        summary,
        params: printerParams,
        querystring: groupQuery,
        body: z.strictObject({}).nullish(),
        response: { 200: printerAnswer, ...problemResponses },
      },
      handler: async ({ params, query }) => {
        const spooler = groups.spooler(query.group);
        return showPrinter(await act(spooler, params.name), spooler);
      },
    });
};
