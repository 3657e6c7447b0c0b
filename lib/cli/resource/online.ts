// platen resource online

import type { Command } from 'commander';
import type { CliParts } from '../cli.js';
import { resourceAct } from './act.js';

export const resourceOnline = (parent: Command, cli: CliParts): void =>
  resourceAct(parent, cli, { state: 'online', description: 'bring a resource online; its jobs go on' });
