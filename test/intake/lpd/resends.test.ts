// Clients that send a job again over LPD: real sockets, whose ends are what the decision rests on.

import t from 'tap';
import { LpdClient } from '../../support/lpd-client.js';
import { type LpdServer, startLpdServer } from '../../support/lpd-server.js';

const content = 'Dear Sir or Madam';

/** Everything but the last file, which makes it a job; resolves when that is to be sent. */
const begun = async (server: LpdServer, number: string): Promise<LpdClient> => {
  const control = `Hbox\nPalice\nJletter\nldfA${number}box\nUdfA${number}box\n`;
  const client = await LpdClient.open(server.lpdPort);
  for (const step of ['\x02lp\n', `\x02${control.length} cfA${number}box\n`, `${control}\0`])
    if ((await client.ask(step)) !== 0) throw new Error(`refused: ${step}`);
  if ((await client.ask(`\x03${content.length} dfA${number}box\n`)) !== 0) throw new Error('the data file is refused');
  return client;
};

const allSent = `${content}\0`;

/** The job is on record, its acknowledgement comes, and the client is gone. */
const lost = async (server: LpdServer, number = '077'): Promise<void> => {
  const client = await begun(server, number);
  await client.ask(allSent);
  client.reset();
};

const printed = async (server: LpdServer, number = '077'): Promise<void> => {
  const client = await begun(server, number);
  await client.ask(allSent);
  client.end();
  await client.rest();
};

t.test('a job that is sent again after the connection broke is acknowledged and printed once', async (t) => {
  const server = await startLpdServer(t);
  await lost(server);
  const again = await begun(server, '077');
  t.equal(await again.ask(allSent), 0);
  again.close();
  t.match(await server.settledJobs(), [{ state: 'completed', resends: 1, origin: { number: '077' } }]);
  t.equal(server.port.deliveries.length, 1);
  await printed(server);
  t.equal((await server.settledJobs()).length, 2, 'only the first match counts');
});

t.test('another job number is another job', async (t) => {
  const server = await startLpdServer(t);
  await lost(server, '077');
  await printed(server, '078');
  t.equal((await server.settledJobs()).length, 2);
});

t.test('who closed the connection in order after the acknowledgement prints a second job', async (t) => {
  const server = await startLpdServer(t);
  await printed(server);
  await printed(server);
  t.equal((await server.settledJobs()).length, 2);
});

t.test('who went on to the next job on the same connection has heard', async (t) => {
  const server = await startLpdServer(t);
  const client = await begun(server, '077');
  await client.ask(allSent);
  t.equal(await client.ask('\x025 cfA078box\n'), 0);
  client.reset();
  await printed(server);
  t.equal((await server.settledJobs()).length, 2);
});
