// What operators were told of late.

import { z } from 'zod';
import { eventCodes } from '../model/event.js';
import type { AdminApp, AdminParts } from './admin-parts.js';
import { time, wholeText } from './fields.js';
import { problemResponses } from './problems.js';

const eventAnswer = z.object({
  sequence: z.number(),
  at: time('When it happened'),
  code: z.string(),
  meaning: z.string(),
  node: z.string(),
  group: z.string().optional(),
  printer: z.string().optional(),
  job: z.number().optional(),
  text: z.string(),
});
const eventsAnswer = z.object({ events: z.array(eventAnswer) });
export type EventsAnswer = z.output<typeof eventsAnswer>;

export const eventRoutes = (app: AdminApp, { events }: AdminParts): void => {
  app.get('/api/1/events', {
    config: { policy: 'token' },
    schema: {
      summary: 'Events, the newest first',
      querystring: z.strictObject({
        limit: wholeText(1, 1_000).default(100),
        after: wholeText(0, Number.MAX_SAFE_INTEGER).optional().describe('Only those of a higher sequence number'),
      }),
      response: { 200: eventsAnswer, ...problemResponses },
    },
    handler: async ({ query: { limit, after = 0 } }) => {
      const recent = await events.recent(limit);
      return {
        events: recent
          .filter(({ sequence }) => sequence > after)
          .map((event) => ({ ...event, meaning: eventCodes[event.code] ?? 'of a newer version' })),
      };
    },
  });
};
