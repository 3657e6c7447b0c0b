// What clients send over LPD, and the jobs that come of it.

import t from 'tap';
import { octets, sha256 } from '../../support/delivery.js';
import { LpdClient } from '../../support/lpd-client.js';
import { startLpdServer } from '../../support/lpd-server.js';

const letter = '%!PS\nshowpage\n';
const control = (lines: string): string => `Hbox\nPalice\nJletter\n${lines}`;
const plain = control('ldfA001box\nUdfA001box\nNletter.ps\n');
const header = (code: 2 | 3, count: number, name: string): string => `${String.fromCharCode(code)}${count} ${name}\n`;
const controlFile = (content: string, name = 'cfA001box'): [string, string] => [
  header(2, Buffer.byteLength(content, 'latin1'), name),
  `${content}\0`,
];
const dataFile = (content: string, name = 'dfA001box'): [string, string] => [
  header(3, content.length, name),
  `${content}\0`,
];

interface Sent {
  readonly name: string;
  /** Each step is acknowledged. */
  readonly steps: readonly string[];
  /** Sent last, before the sending side is closed; its acknowledgement comes after that. */
  readonly last?: string;
  readonly jobs: readonly { name?: string; user?: string; copies?: number; documents: readonly string[] }[];
}

const sent: readonly Sent[] = [
  {
    name: 'control file first',
    steps: [...controlFile(plain), ...dataFile(letter)],
    jobs: [{ name: 'letter', user: 'alice', copies: 1, documents: [letter] }],
  },
  {
    name: 'data file first',
    steps: [...dataFile(letter), ...controlFile(plain)],
    jobs: [{ name: 'letter', documents: [letter] }],
  },
  {
    name: 'two files in the order of the control file',
    steps: [...dataFile('two', 'dfB001box'), ...dataFile('one'), ...controlFile(control('ldfA001box\nldfB001box\n'))],
    jobs: [{ documents: ['one', 'two'] }],
  },
  {
    name: 'repeated lines as copies',
    steps: [...controlFile(control('fdfA001box\n'.repeat(3))), ...dataFile(letter)],
    jobs: [{ copies: 3, documents: [letter] }],
  },
  {
    name: 'different numbers of copies as repeated documents',
    steps: [
      ...controlFile(control('ldfA001box\nldfA001box\nldfB001box\n')),
      ...dataFile('a'),
      ...dataFile('b', 'dfB001box'),
    ],
    jobs: [{ copies: 1, documents: ['a', 'a', 'b'] }],
  },
  {
    name: 'count 0 up to the end',
    steps: [...controlFile(plain), header(3, 0, 'dfA001box')],
    last: letter,
    jobs: [{ documents: [letter] }],
  },
  {
    name: "Windows' unknown size",
    steps: [...controlFile(plain), '\x03125899906843000 dfA001box\n'],
    last: letter,
    jobs: [{ documents: [letter] }],
  },
  {
    name: 'the end of the connection in place of the zero octet (CUPS, mode=stream)',
    steps: [...controlFile(plain), header(3, letter.length, 'dfA001box')],
    last: letter,
    jobs: [{ documents: [letter] }],
  },
  {
    name: 'an empty file and its end',
    steps: [...controlFile(plain), header(3, 0, 'dfA001box'), '\0'],
    jobs: [{ documents: [''] }],
  },
  {
    name: 'an empty file and the end of the connection',
    steps: [...controlFile(plain), header(3, 0, 'dfA001box')],
    last: '\0',
    jobs: [{ documents: [''] }],
  },
  {
    name: 'two jobs that use the same names',
    steps: [...controlFile(plain), ...dataFile('first'), ...controlFile(plain), ...dataFile('second')],
    jobs: [{ documents: ['first'] }, { documents: ['second'] }],
  },
  {
    name: 'two jobs, all control files first',
    steps: [
      ...controlFile(plain),
      ...controlFile(plain.replaceAll('001', '002'), 'cfA002box'),
      ...dataFile('second', 'dfA002box'),
      ...dataFile('first'),
    ],
    jobs: [{ documents: ['second'] }, { documents: ['first'] }],
  },
  {
    name: 'a title in ISO 8859-1',
    steps: [...controlFile(plain.replace('letter', '\xe9t\xe9')), ...dataFile(letter)],
    jobs: [{ name: 'été', documents: [letter] }],
  },
  {
    name: 'no names at all',
    steps: [...controlFile('ldfA001box\n'), ...dataFile(letter)],
    jobs: [{ name: 'LPD job', user: 'anonymous', documents: [letter] }],
  },
  {
    name: 'a job after one that was aborted',
    steps: [...dataFile('gone'), `\x01\n${controlFile(plain)[0]}`, controlFile(plain)[1], ...dataFile(letter)],
    jobs: [{ documents: [letter] }],
  },
  {
    name: 'a banner, which nobody wants',
    steps: [...controlFile(`Lalice\n${plain}`), ...dataFile(letter)],
    jobs: [{ documents: [letter] }],
  },
];

for (const { name, steps, last, jobs } of sent)
  t.test(`jobs of: ${name}`, async (t) => {
    const server = await startLpdServer(t);
    const client = await LpdClient.open(server.lpdPort);
    t.equal(await client.ask('\x02lp\n'), 0, 'the queue');
    for (const step of steps) t.equal(await client.ask(step), 0, JSON.stringify(step.slice(0, 20)));
    if (last !== undefined) {
      client.send(last);
      client.end();
      t.equal(await client.answer(), 0, 'the last file');
    }
    client.close();
    const records = await server.settledJobs();
    const origin = { protocol: 'lpd', address: '127.0.0.1' };
    t.match(
      records,
      jobs.map((job) => ({ ...job, origin, documents: job.documents.map(({ length }) => ({ length })) })),
    );
    const printed = new Map(server.port.deliveries.map(({ job, documents }) => [job.id, documents.map(String)]));
    t.same(
      records.map(({ id }) => printed.get(id)),
      jobs.map(({ documents }) => documents),
    );
    const names = records.flatMap(({ documents }) => documents.flatMap(({ holders }) => Object.values(holders)));
    const files = new Set(names.map((name) => name.replace(/@\d+$/, '')));
    t.equal((await server.spoolFiles()).length, files.size, 'nothing else is in the spool');
  });

t.test('everything at once, without waiting for an answer, is a job too', async (t) => {
  const server = await startLpdServer(t);
  const client = await LpdClient.open(server.lpdPort);
  client.send(['\x02lp\n', ...controlFile(plain), ...dataFile(letter)].join(''));
  client.end();
  t.equal(await client.rest(), '\0\0\0\0\0');
  t.match(await server.settledJobs(), [{ name: 'letter', state: 'completed' }]);
});

t.test('octet by octet is a job too', async (t) => {
  const server = await startLpdServer(t);
  const client = await LpdClient.open(server.lpdPort);
  for (const octet of Buffer.from(['\x02lp\n', ...dataFile('abc'), ...controlFile(plain)].join(''), 'latin1')) {
    client.send(Uint8Array.of(octet));
    await client.flush();
  }
  client.end();
  t.equal(await client.rest(), '\0\0\0\0\0');
  t.match(await server.settledJobs(), [{ name: 'letter' }]);
});

t.test('a large document arrives as it was', async (t) => {
  const server = await startLpdServer(t);
  const client = await LpdClient.open(server.lpdPort);
  const content = octets(20_000_000);
  await client.ask('\x02lp\n');
  for (const step of controlFile(plain)) await client.ask(step);
  t.equal(await client.ask(header(3, content.length, 'dfA001box')), 0);
  client.send(content);
  t.equal(await client.ask('\0'), 0);
  t.match(await server.settledJobs(), [{ documents: [{ sha256: sha256(content), length: content.length }] }]);
});

t.test('jobs of one name from many connections do not meet', async (t) => {
  const server = await startLpdServer(t);
  await Promise.all(
    Array.from({ length: 10 }, async (_, index) => {
      const client = await LpdClient.open(server.lpdPort);
      for (const step of ['\x02lp\n', ...controlFile(plain), ...dataFile(`document ${index}`)])
        t.equal(await client.ask(step), 0);
      client.close();
    }),
  );
  const records = await server.settledJobs();
  t.equal(new Set(records.map(({ id }) => id)).size, 10);
  t.strictSame(
    server.port.deliveries.flatMap(({ documents }) => documents.map(String)).sort(),
    Array.from({ length: 10 }, (_, index) => `document ${index}`),
  );
});
