// platen events

import type { Command } from 'commander';
import type { EventsAnswer } from '../admin/event-routes.js';
import { wholeNumber } from './arguments.js';
import { type CliParts, examples, openSession } from './cli.js';
import { momentText } from './figures.js';
import { printable } from './terminal.js';

const followEveryMs = 1_000;

type Event = EventsAnswer['events'][number];

const eventLine = ({ at, code, node, group, printer, job, text }: Event): string => {
  const subject = [group, printer, job === undefined ? undefined : `job ${job}`].filter((word) => word !== undefined);
  return printable([momentText(at), node, code, ...subject, text === '' ? '' : `- ${text}`].join('  ').trimEnd());
};

export const events = (program: Command, cli: CliParts): void => {
  program
    .command('events')
    .description('what happened of late, the newest last')
    .option('--limit <number>', 'so many at most', wholeNumber(1, 1_000), 50)
    .option('--follow', 'go on showing events as they happen, until interrupted')
    .addHelpText('after', examples('events', 'events --follow', 'events --limit 1000 --json'))
    .action(async ({ limit, follow }: { limit: number; follow?: boolean }, command: Command) => {
      const { client, terminal, json } = await openSession(command, cli);
      const show = (event: Event): void => (json ? terminal.jsonLine(event) : terminal.line(eventLine(event)));
      let after = 0;
      for (let most = limit; ; most = 1_000) {
        const { events: found } = await client.get<EventsAnswer>('/api/1/events', { limit: most, after });
        if (json && follow !== true) return terminal.json({ events: found.reverse() });
        for (const event of found.reverse()) show(event);
        after = Math.max(after, ...found.map(({ sequence }) => sequence));
        if (follow !== true) return;
        await cli.clock.sleep(followEveryMs);
      }
    });
};
