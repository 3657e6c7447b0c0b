// What a connection says of whether its client heard us.

import t from 'tap';
import { Hearing } from '../../lib/queue/hearing.js';

const setUp = () => {
  const hearing = new Hearing();
  const told: string[] = [];
  const awaits = (job: string): void =>
    hearing.awaits({ wentOn: () => told.push(`${job} heard`), broke: () => told.push(`${job} broke`) });
  return { hearing, told, awaits };
};

t.test('who goes on after the answer has heard it, once', async (t) => {
  const { hearing, told, awaits } = setUp();
  awaits('a');
  hearing.answered();
  hearing.goesOn();
  hearing.goesOn();
  hearing.ends('broken');
  t.same(told, ['a heard']);
});

t.test('going on before the answer proves nothing', async (t) => {
  const { hearing, told, awaits } = setUp();
  awaits('a');
  hearing.goesOn();
  t.same(told, []);
  hearing.answered();
  hearing.ends('closed');
  t.same(told, [], 'nor does a connection that we closed ourselves');
});

t.test('a connection that breaks after the answer, or ends before it, was not heard on', async (t) => {
  for (const isAnswered of [true, false]) {
    const { hearing, told, awaits } = setUp();
    awaits('a');
    if (isAnswered) hearing.answered();
    hearing.ends(isAnswered ? 'broken' : 'closed');
    t.same(told, ['a broke']);
  }
});

t.test('a job that is put on record for a client that is gone was not heard of', async (t) => {
  const { hearing, told, awaits } = setUp();
  hearing.ends('closed');
  awaits('a');
  t.same(told, ['a broke']);
});
