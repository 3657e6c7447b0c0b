// Waits for something in the cluster and says what is waited for, each time that it changes.

import type { GroupAnswer } from '../admin/group-answers.js';
import type { Clock } from '../platform/clock.js';
import type { Session } from './cli.js';
import { printable, type Terminal } from './terminal.js';

const lookEveryMs = 200;

/** Says a line about each thing when its text has changed; the time that passes is no change. */
export class Changing {
  readonly #terminal: Terminal;
  readonly #said = new Map<string, string>();

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  say(about: string, text: string): void {
    const gist = text.replace(/\b[0-9.]+s\b/g, '');
    if (this.#said.get(about) === gist) return;
    this.#said.set(about, gist);
    this.#terminal.note(printable(`${about}: ${text}`));
  }
}

/** Looks until `look` finds something. */
export const until = async <Found>(clock: Clock, look: () => Promise<Found | undefined>): Promise<Found> => {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await clock.sleep(lookEveryMs);
  }
};

/** Follows a group until `isDone`, which may throw; `group` is a segment of a path. */
export const followGroup = (
  { client, terminal }: Session,
  clock: Clock,
  { group, isDone }: { group: string; isDone: (answer: GroupAnswer) => boolean },
): Promise<GroupAnswer> => {
  const changing = new Changing(terminal);
  return until(clock, async () => {
    const answer = await client.get<GroupAnswer>(`/api/1/groups/${group}`);
    if (isDone(answer)) return answer;
    changing.say(answer.saidBy, answer.says);
    return undefined;
  });
};

/** Everything that is wanted online, with all that it needs, is online. */
export const isUp = ({ owner, resources }: GroupAnswer): boolean => {
  if (owner?.alive !== true) return false;
  const off = resources.findIndex(({ wanted }) => wanted === 'offline');
  const offKind = resources[off]?.kind;
  return resources.every(({ kind, wanted, state }, index) => {
    const isHeldBack = off !== -1 && index > off && kind !== offKind;
    return wanted === 'offline' || isHeldBack || state === 'online';
  });
};
