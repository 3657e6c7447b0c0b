// Which command comes next, and that no order of events lets an address outlive its renewal.

import * as fc from 'fast-check';
import t from 'tap';
import {
  began,
  type Book,
  type Command,
  doubt,
  ended,
  endLife,
  foundLeft,
  isDown,
  isUp,
  lifetimeSAt,
  newBook,
  nextCommand,
  nextCommandAt,
  renewed,
  setClosing,
  unwant,
  want,
} from '../../../lib/supervisor/addresses/address-book.js';

const fresh = (): Book => newBook({ puts: true, fences: true, time: 0 });
const [one, two, six] = ['192.0.2.1', '192.0.2.2', '2001:db8::6'];

const words = (command: Command | undefined): string => {
  if (command === undefined) return 'nothing';
  if (command.do === 'put') return `put ${command.addresses.join(' ')} for ${command.lifetimeS}s`;
  if (command.do === 'fence') return `fence ${command.fence.open.join(' ')} until ${command.fence.deadline}`;
  return command.do === 'remove' ? `remove ${command.addresses.join(' ')}` : 'look';
};

/** Carries commands out at once, each in `tookMs`, until nothing is to be done; everything that was put is seen. */
const settled = (book: Book, time: number, tookMs = 5): { book: Book; time: number; did: string[] } => {
  const did: string[] = [];
  let [now, at] = [book, time];
  for (let command = nextCommand(now, at); command !== undefined; command = nextCommand(now, at)) {
    did.push(words(command));
    if (did.length > 20) throw new Error(`it does not come to rest: ${did.join(', ')}`);
    now = began(now, command, at);
    at += tookMs;
    const gone = command.do === 'remove' ? command.addresses : [];
    const present = new Set([...now.there.keys()].filter((address) => !gone.includes(address)));
    now = ended(now, command, { ok: true, ...(command.do === 'look' || gone.length > 0 ? { present } : {}) }, at);
  }
  return { book: now, time: at, did };
};

const owning = (addresses: readonly string[], sentAt: number): Book =>
  addresses.reduce(want, renewed(fresh(), { sentAt, deadline: sentAt + 1_800 }));

t.test('an address is let speak before it is put, and is up after that', async (t) => {
  const start = settled(fresh(), 0);
  t.same(start.did, ['fence  until undefined', 'look']);
  const book = want(renewed(start.book, { sentAt: 100, deadline: 1_900 }), one);
  t.notOk(isUp(book, one));
  const end = settled(book, 110);
  t.same(end.did, [`fence ${one} until 1900`, `put ${one} for 2s`]);
  t.ok(isUp(end.book, one));
});

t.test('all addresses are refreshed by one command at each quick renewal', async (t) => {
  const { book } = settled(owning([one, two, six], 0), 10);
  const { did } = settled(renewed(book, { sentAt: 300, deadline: 2_100 }), 320);
  t.same(did, [`put ${one} ${two} ${six} for 2s`, `fence ${one} ${two} ${six} until 2100`]);
});

t.test('a renewal that is handled late extends the fence and skips the refresh', async (t) => {
  const { book } = settled(owning([one], 0), 10);
  const { did } = settled(renewed(book, { sentAt: 300, deadline: 2_100 }), 451);
  t.same(did, [`fence ${one} until 2100`]);
});

t.test(
  'an address that comes between two renewals gets the shorter lifetime, and so do the others with it',
  async (t) => {
    const { book } = settled(owning([one], 0), 10);
    const { did } = settled(want(book, two), 280);
    t.same(did.slice(0, 2), [`fence ${one} ${two} until 1800`, `put ${one} ${two} for 1s`]);
  },
);

t.test('renewals that are never quick keep an address for as long as they come', async (t) => {
  let { book } = settled(owning([one], 0), 10);
  for (let sentAt = 600; sentAt < 6_000; sentAt += 600) {
    book = settled(renewed(book, { sentAt, deadline: sentAt + 1_800 }), sentAt + 500).book;
    t.ok((book.there.get(one) ?? 0) > sentAt + 500 + 600, 'it lasts beyond the next confirmation');
  }
});

t.test('lifetimes by age', async (t) => {
  t.same([0, 60, 61, 1_150, 1_151].map(lifetimeSAt), [2, 2, 1, 1, 0]);
});

t.test('a removal comes before every refresh', async (t) => {
  const { book } = settled(owning([one, two], 0), 10);
  const both = unwant(renewed(book, { sentAt: 300, deadline: 2_100 }), one);
  t.equal(words(nextCommand(both, 310)), `remove ${one}`);
  const end = settled(both, 310);
  t.same(end.did, [`remove ${one}`, `fence ${two} until 2100`, `put ${two} for 2s`]);
  t.ok(isDown(end.book, one));
});

t.test('an address is not down before it was seen to be absent', async (t) => {
  const { book, time } = settled(owning([one], 0), 10);
  const going = unwant(book, one);
  const command = nextCommand(going, time)!;
  const still = ended(going, command, { ok: false, present: new Set([one]) }, time + 5);
  t.notOk(isDown(still, one));
  t.equal(nextCommand(still, time + 6), undefined, 'it is tried again after a pause');
  t.equal(nextCommandAt(still, time + 6), time + 105);
  t.equal(words(nextCommand(still, time + 105)), `remove ${one}`);
});

t.test('a refresh that returns late is taken back at once, and comes again with the next renewal only', async (t) => {
  const { book } = settled(owning([one], 0), 10);
  const again = renewed(book, { sentAt: 300, deadline: 2_100 });
  const put = nextCommand(again, 350)!;
  t.equal(words(put), `put ${one} for 2s`);
  const late = ended(began(again, put, 350), put, { ok: true }, 551);
  t.notOk(isUp(late, one));
  t.equal(words(nextCommand(late, 551)), `remove ${one}`);
  const gone = settled(late, 551);
  t.notOk(gone.did.some((word) => word.startsWith('put')));
  const back = settled(renewed(gone.book, { sentAt: 600, deadline: 2_400 }), 620);
  t.equal(back.did[0], `put ${one} for 2s`);
});

t.test('a refresh that returns a little late is cut to one second, if it is too late for that it goes', async (t) => {
  const { book } = settled(owning([one], 0), 10);
  const again = renewed(book, { sentAt: 300, deadline: 2_100 });
  const put = nextCommand(again, 350)!;
  const late = ended(began(again, put, 350), put, { ok: true }, 391);
  t.ok(isUp(late, one));
  t.equal(words(nextCommand(late, 391)), `put ${one} for 1s`);
  t.notMatch(settled(late, 391).did.slice(1).join(), /put|remove/);
  t.equal(words(nextCommand(late, 1_451)), `remove ${one}`);
});

t.test('without a life nothing is put, and everything is removed', async (t) => {
  const { book } = settled(owning([one, six], 0), 10);
  const over = settled(endLife(book), 1_800);
  t.same(over.did.slice(0, 2), [`remove ${one} ${six}`, 'fence  until undefined']);
  t.equal(over.book.there.size, 0);
  t.same(
    settled(want(over.book, one), 1_900).did.filter((word) => word.startsWith('put')),
    [],
  );
});

t.test('after the deadline nothing is put, even before anybody said that the life is over', async (t) => {
  const { book } = settled(owning([one], 0), 10);
  const late = want({ ...book, there: new Map() }, one);
  t.notMatch(words(nextCommand(late, 1_801)), /put/);
});

t.test('an address that something else removed is put back at once', async (t) => {
  const { book } = settled(owning([one], 0), 10);
  const look: Command = { do: 'look' };
  const seen = ended(doubt(book), look, { ok: true, present: new Set() }, 100);
  t.equal(words(nextCommand(seen, 100)), `put ${one} for 1s`);
});

t.test('what an earlier life left is removed', async (t) => {
  t.same(settled(foundLeft(fresh(), [two]), 0).did[0], `remove ${two}`);
});

t.test('new connections are turned away without touching the address', async (t) => {
  const { book } = settled(owning([one], 0), 10);
  const command = nextCommand(setClosing(book, one, true), 50);
  t.match(command, { do: 'fence', fence: { open: [one], closing: [one] } });
});

t.test('where something else moves the addresses, the fence is all that is done', async (t) => {
  const book = want(renewed(newBook({ puts: false, fences: true, time: 0 }), { sentAt: 0, deadline: 1_800 }), one);
  const end = settled(book, 10);
  t.same(end.did, [`fence ${one} until 1800`]);
  t.ok(isUp(end.book, one));
  t.same(settled(renewed(end.book, { sentAt: 300, deadline: 2_100 }), 900).did, [`fence ${one} until 2100`]);
});

/** What the kernel makes of a lifetime at worst. */
const longestMs = (lifetimeS: number): number => (lifetimeS === 2 ? 2_510 : 1_280);

t.test(
  'law: nothing is there 2.6 s after the send of the renewal that it was put for, however late the kernel is, unless that is about to change',
  async () => {
    const event = fc.oneof(
      fc.record({ kind: fc.constant('want' as const), address: fc.constantFrom(one, two, six) }),
      fc.record({ kind: fc.constant('unwant' as const), address: fc.constantFrom(one, two, six) }),
      fc.record({ kind: fc.constant('renewed' as const), ageMs: fc.integer({ min: 0, max: 2_000 }) }),
      fc.record({ kind: fc.constant('over' as const) }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 700 }) }),
      fc.record({ kind: fc.constant('work' as const), tookMs: fc.integer({ min: 1, max: 1_500 }) }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let [book, time] = [fresh(), 10_000];
        /** What the kernel has: when each goes, and the send that it was put for. */
        const kernel = new Map<string, { goesAt: number; sentAt: number }>();
        for (const each of events) {
          if (each.kind === 'want' && book.confirmation !== undefined) book = want(book, each.address);
          else if (each.kind === 'unwant') book = unwant(book, each.address);
          else if (each.kind === 'renewed')
            book = renewed(book, { sentAt: time - each.ageMs, deadline: time - each.ageMs + 1_800 });
          else if (each.kind === 'over') book = endLife(book);
          else if (each.kind === 'wait') time += each.ms;
          else if (each.kind === 'work') {
            const command = nextCommand(book, time);
            if (command === undefined) continue;
            book = began(book, command, time);
            time += each.tookMs;
            if (command.do === 'put')
              for (const address of command.addresses)
                kernel.set(address, { goesAt: time + longestMs(command.lifetimeS), sentAt: command.sentAt });
            if (command.do === 'remove') for (const address of command.addresses) kernel.delete(address);
            for (const [address, { goesAt }] of kernel) if (goesAt <= time) kernel.delete(address);
            const looks = command.do === 'look' || command.do === 'remove';
            book = ended(book, command, { ok: true, ...(looks ? { present: new Set(kernel.keys()) } : {}) }, time);
          }
          const next = nextCommand(book, time);
          for (const [address, { goesAt, sentAt }] of kernel) {
            if (goesAt <= sentAt + 2_600 || goesAt <= time) continue;
            const changes = next?.do === 'remove' || (next?.do === 'put' && next.lifetimeS === 1);
            if (!changes || !next.addresses.includes(address))
              throw new Error(`${address} stays until ${goesAt - sentAt} ms after the send; next is ${words(next)}`);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  },
);
