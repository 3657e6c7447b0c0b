// etcd asks whether a certificate is revoked only when a connection begins, and reads its roots once. So a member is started again when revocations
// or roots have changed: the members one after another, each in its own slot of the wall clock, whenever the files come to whom.

import type { Credentials } from '../platform/certificates/credentials.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import type { Member } from './member.js';
import type { MemberConfig } from './member-arguments.js';

/** A member is back in two seconds; clocks may differ. */
const slotMs = 10_000;

export interface Turn {
  /** From 0. */
  readonly at: number;
  readonly of: number;
}

export const turnOf = ({ peerUrl, initialCluster }: Pick<MemberConfig, 'peerUrl' | 'initialCluster'>): Turn => {
  const urls = Object.values(initialCluster).toSorted();
  return { at: urls.indexOf(peerUrl), of: urls.length };
};

/** Ms from `now` (ms since 1970) until the next slot of that turn begins. */
export const untilTurn = ({ at, of }: Turn, now: number): number => {
  const round = of * slotMs;
  return (at * slotMs - (now % round) + round) % round;
};

export const restartInTurn = (
  member: Pick<Member, 'restart'>,
  credentials: Pick<Credentials, 'material' | 'onChange'>,
  { clock, log, turn }: { readonly clock: Clock; readonly log: Log; readonly turn: Turn },
): void => {
  const trust = (): string => JSON.stringify([credentials.material.texts.ca, credentials.material.texts.crl]);
  let trusted = trust();
  let cancel = (): void => undefined;
  credentials.onChange(() => {
    if (trust() === trusted) return;
    trusted = trust();
    cancel();
    const waitMs = untilTurn(turn, clock.wall());
    log.info({ waitMs }, 'revocations or roots have changed: the member of etcd is started again in its turn');
    cancel = clock.after(waitMs, () => void member.restart());
  });
};
