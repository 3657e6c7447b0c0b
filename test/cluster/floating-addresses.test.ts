// What the worker asks of its supervisor about addresses, and what it hears.

import t from 'tap';
import { PipeAddresses } from '../../lib/cluster/floating-addresses.js';
import type { NewsOfAddress, SupervisorMessage, WorkerMessage } from '../../lib/cluster/watchdog.js';

const lab = () => {
  const sent: Extract<WorkerMessage, { tell: 'ask' }>[] = [];
  const ears: ((message: SupervisorMessage) => void)[] = [];
  const pipe = {
    send: (message: WorkerMessage) => {
      if (message.tell === 'ask') sent.push(message);
    },
    onMessage: (listener: (message: SupervisorMessage) => void) => void ears.push(listener),
  };
  const addresses = new PipeAddresses(pipe, () => 'life');
  const hear = (message: SupervisorMessage): void => {
    for (const ear of ears) ear(message);
  };
  return { sent, hear, addresses };
};

const never = new AbortController().signal;

t.test('each question carries the life that asks, and has its own answer', async (t) => {
  const { sent, hear, addresses } = lab();
  const up = addresses.up('192.0.2.1', never);
  const probe = addresses.probe('192.0.2.2');
  t.same(
    sent.map(({ incarnation, request }) => [incarnation, request.do, request.address]),
    [
      ['life', 'up', '192.0.2.1'],
      ['life', 'probe', '192.0.2.2'],
    ],
  );
  hear({ tell: 'answer', number: sent[1]!.number, hardware: '02:00:00:00:00:01' });
  hear({ tell: 'answer', number: sent[0]!.number });
  t.equal(await probe, '02:00:00:00:00:01');
  await up;
});

t.test('a refusal rejects with its reason', async (t) => {
  const { sent, hear, addresses } = lab();
  const down = addresses.down('192.0.2.1');
  hear({ tell: 'answer', number: sent[0]!.number, error: '192.0.2.1 still there' });
  await t.rejects(down, { message: '192.0.2.1 still there' });
});

t.test('nobody waits for an address that is not wanted any more', async (t) => {
  const { addresses } = lab();
  const abort = new AbortController();
  const up = addresses.up('192.0.2.1', abort.signal);
  abort.abort();
  await t.rejects(up, { message: 'it is not wanted any more' });
});

t.test('news are handed on', async (t) => {
  const { hear, addresses } = lab();
  const news: NewsOfAddress[] = [];
  addresses.onNews((each) => news.push(each));
  hear({ tell: 'address-news', news: { address: '192.0.2.1', code: 'address-lost', text: 'x' } });
  t.match(news, [{ code: 'address-lost' }]);
});
