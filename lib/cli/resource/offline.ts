// platen resource offline

import type { Command } from 'commander';
import type { CliParts } from '../cli.js';
import { resourceAct } from './act.js';

export const resourceOffline = (parent: Command, cli: CliParts): void =>
  resourceAct(parent, cli, {
    state: 'offline',
    description: 'take a resource offline, with all that needs it; a print spooler lets documents being sent end',
  });
