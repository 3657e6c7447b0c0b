// One host name on one link, from its probes to its goodbye (RFC 6762 sections 8 to 10). Time comes in, messages go out. A print server's name is
// never changed: where another host has it, probing ends in a conflict; what is ours already is defended.

import { classes, type DnsRecord, flags, type Message, types } from '../dns/message.js';
import { answerTo, answerOctets, announcement, legacyOctets, probe, questionsFor } from './answer.js';
import { type Deferred, DeferredAnswers } from './deferred-answers.js';
import { addressRecords, classOf, type Host, hostTtl, isSameData, tieBreak, topBit } from './host.js';

export const multicastPort = 5353;

export interface Peer {
  readonly address: string;
  readonly port: number;
}

/** `to` absent: everyone on the link. */
export interface Sending {
  readonly octets: Buffer;
  readonly to?: Peer;
}

/** `announcing` and `established`: the name is in use here. */
export type ClaimState = 'probing' | 'announcing' | 'established' | 'conflict' | 'gone';

/** Another host that uses the name. */
export interface Contest {
  /** The addresses that it gave. */
  readonly data: string;
  readonly at: number;
}

export interface ClaimOptions {
  readonly host: Host;
  /** Whether anybody else may have the name: false for what was this cluster's at its last owner. */
  readonly isNew: boolean;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** ms; all times are of one clock. */
  readonly now: number;
}

const probes = 3;
const probeEveryMs = 250;
/** Section 8.2: the loser of a tie probes again after this. */
const yieldMs = 1_000;
const announcements = 2;
const announceEveryMs = 1_000;
/** Section 6: a record is not multicast more often, but for the answer to a probe. */
const sparingMs = 1_000;
const probeAnswerMs = 250;
/** Two hosts that both defend a name do not fill the network with it (as RFC 3927 section 2.5 for addresses). */
const defendEveryMs = 10_000;
/** Section 5.4: what was not multicast for a quarter of its time to live is, whatever was asked for. */
const freshMs = (hostTtl / 4) * 1_000;

export class HostClaim {
  readonly host: Host;
  #state: ClaimState = 'probing';
  #contest: Contest | undefined;
  readonly #records: readonly DnsRecord[];
  /** Probes or announcements sent. */
  #sent = 0;
  /** When the next of them is due. */
  #next: number | undefined;
  #multicastAt = Number.NEGATIVE_INFINITY;
  #defendedAt = Number.NEGATIVE_INFINITY;
  /** When all that we have is multicast, since it was asked for too soon after the last time. */
  #owed: number | undefined;
  readonly #deferred: DeferredAnswers;

  constructor({ host, isNew, random, now }: ClaimOptions) {
    this.host = host;
    this.#records = addressRecords(host);
    this.#deferred = new DeferredAnswers(random);
    this.#state = isNew ? 'probing' : 'announcing';
    this.#next = isNew ? now + random() * probeEveryMs : now;
  }

  get state(): ClaimState {
    return this.#state;
  }

  /** The last time that another host was heard to use the name. */
  get contest(): Contest | undefined {
    return this.#contest;
  }

  /** When `tick` is due. */
  get due(): number | undefined {
    if (this.#state === 'conflict' || this.#state === 'gone') return undefined;
    const times = [this.#next, this.#owed, this.#deferred.due].filter((time) => time !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  tick(now: number): readonly Sending[] {
    if (this.due === undefined) return [];
    const sendings: Sending[] = [];
    if (this.#next !== undefined && now >= this.#next) sendings.push(...this.#step(now));
    if (this.#owed !== undefined && now >= this.#owed) sendings.push(this.#announce(now));
    for (const deferred of this.#deferred.take(now)) sendings.push(...this.#answer(deferred, now));
    return sendings;
  }

  /** A message that came on this link, from a host on it. */
  receive(message: Message, from: Peer, now: number): readonly Sending[] {
    if (this.#state === 'conflict' || this.#state === 'gone') return [];
    // Section 18: other operations and errors are ignored.
    if ((message.flags & 0x780f) !== 0) return [];
    if ((message.flags & flags.response) === 0) return this.#asked(message, from, now);
    // Section 6: answers come from this port only.
    return from.port === multicastPort ? this.#told([...message.answers, ...message.additionals], now) : [];
  }

  /** The name is given up for good: those who know it forget it. */
  retire(): readonly Sending[] {
    const known = this.#state === 'announcing' || this.#state === 'established';
    this.#state = 'gone';
    return known && this.#sent > 0 ? [{ octets: announcement(this.host, 0) }] : [];
  }

  #step(now: number): readonly Sending[] {
    if (this.#state === 'probing' && this.#sent < probes) {
      this.#sent += 1;
      this.#next = now + probeEveryMs;
      return [{ octets: probe(this.host) }];
    }
    if (this.#state === 'probing') {
      this.#state = 'announcing';
      this.#sent = 0;
    }
    this.#sent += 1;
    const isLast = this.#sent >= announcements;
    if (isLast) this.#state = 'established';
    this.#next = isLast ? undefined : now + announceEveryMs;
    return [this.#announce(now)];
  }

  #announce(now: number): Sending {
    this.#multicastAt = now;
    this.#owed = undefined;
    return { octets: announcement(this.host) };
  }

  /** At once, or as soon as it may be. */
  #owe(now: number, sparing: number): readonly Sending[] {
    if (now - this.#multicastAt >= sparing) return [this.#announce(now)];
    this.#owed = Math.min(this.#owed ?? Number.POSITIVE_INFINITY, this.#multicastAt + sparing);
    return [];
  }

  #asked(message: Message, from: Peer, now: number): readonly Sending[] {
    const more = this.#deferred.add(from, message, now);
    if (more) return [];
    const questions = questionsFor(this.host, message);
    if (questions.length === 0) return [];
    const proposed = message.authorities.filter(({ name }) => name === this.host.name);
    if (this.#state === 'probing') return this.#rival(proposed, now);
    const isLegacy = from.port !== multicastPort;
    const asked: Deferred = {
      from,
      query: { id: message.id, questions },
      asked: new Set(questions.map(({ type }) => type)),
      known: message.answers,
      unicast: isLegacy || questions.every((question) => (question.class & topBit) !== 0),
      isProbe: proposed.length > 0,
    };
    const isTruncated = (message.flags & flags.truncated) !== 0;
    if (isTruncated && !isLegacy && this.#deferred.hold(asked, now)) return [];
    return this.#answer(asked, now);
  }

  #answer({ from, query, asked, known, unicast, isProbe }: Deferred, now: number): readonly Sending[] {
    const answer = answerTo(this.host, { asked, known });
    if (answer === undefined) return [];
    if (from.port !== multicastPort) return [{ octets: legacyOctets(answer, query), to: from }];
    const isFresh = now - this.#multicastAt < freshMs;
    if (unicast && isFresh) return [{ octets: answerOctets(answer, query.id), to: from }];
    return this.#owe(now, isProbe ? probeAnswerMs : sparingMs);
  }

  /** Section 8.2: both probe; whose records are less begins anew a second later. Our own probes come back to us, and are equal. */
  #rival(proposed: readonly DnsRecord[], now: number): readonly Sending[] {
    if (proposed.length === 0 || tieBreak(this.#records, proposed) >= 0) return [];
    this.#sent = 0;
    this.#next = now + yieldMs;
    return [];
  }

  #told(records: readonly DnsRecord[], now: number): readonly Sending[] {
    const about = records.filter(({ name, type }) => name === this.host.name && type !== types.nsec);
    const isOurs = (record: DnsRecord): boolean => this.#records.some((own) => isSameData(own, record));
    const foreign = about.filter((record) => record.ttl > 0 && !isOurs(record) && this.#matters(record));
    if (foreign.length > 0) return this.#conflict(foreign, now);
    // Section 10.2 and 6.6: who says that ours is about to end is put right.
    const isEnding = about.some((record) => isOurs(record) && record.ttl * 2 < hostTtl);
    return isEnding && this.#state !== 'probing' ? this.#owe(now, sparingMs) : [];
  }

  /** While we probe, anything under the name tells that it is taken (section 8.1); later, only other addresses do. */
  #matters(record: DnsRecord): boolean {
    const isAddress = record.type === types.a || record.type === types.aaaa;
    return classOf(record) === classes.in && (this.#state === 'probing' || isAddress);
  }

  #conflict(foreign: readonly DnsRecord[], now: number): readonly Sending[] {
    this.#contest = { data: foreign.map(dataText).join(' '), at: now };
    if (this.#state === 'probing') {
      this.#state = 'conflict';
      return [];
    }
    if (now - this.#defendedAt < defendEveryMs) return [];
    this.#defendedAt = now;
    return [this.#announce(now)];
  }
}

const dataText = ({ type, data }: DnsRecord): string => {
  if (type === types.a && data.length === 4) return [...data].join('.');
  if (type !== types.aaaa || data.length !== 16) return `a record of type ${type}`;
  return (Buffer.from(data).toString('hex').match(/.{4}/g) ?? []).join(':');
};
