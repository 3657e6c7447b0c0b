import * as fc from 'fast-check';
import t from 'tap';
import { ProtocolError } from '../../../lib/errors.js';
import { writeFileHeader, writeReceiveJob, fileEnd } from '../../../lib/protocols/lpd/commands.js';
import { LpdReader, type LpdEvent } from '../../../lib/protocols/lpd/reader.js';

const limits = { lineOctets: 1024, controlFileOctets: 65_536, dataFileOctets: 1_000_000 };

/** Events as one line each, with neighbouring content joined, so that the size of the pieces does not show. */
const summary = (events: readonly LpdEvent[]): string[] => {
  const lines: string[] = [];
  let content: string | null = null;
  const flush = (): void => {
    if (content !== null) lines.push(`content ${JSON.stringify(content)}`);
    content = null;
  };
  for (const event of events) {
    if (event.type === 'content') {
      content = (content ?? '') + Buffer.from(event.octets).toString('latin1');
      continue;
    }
    flush();
    const { type, ...rest } = event;
    const words = Object.values(rest).map((value) =>
      value instanceof Uint8Array ? JSON.stringify(Buffer.from(value).toString('latin1')) : String(value),
    );
    lines.push([type, ...words].join(' '));
  }
  flush();
  return lines;
};

/** What the reader makes of these pieces and the end of the connection; a thrown hint is the last line. */
const read = (pieces: Iterable<Uint8Array>): string[] => {
  const reader = new LpdReader(limits);
  const events: LpdEvent[] = [];
  try {
    for (const piece of pieces) for (const event of reader.push(piece)) events.push(event);
    for (const event of reader.end()) events.push(event);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return [...summary(events), `refused ${error.hint}`];
  }
  return summary(events);
};

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const byteByByte = (octets: Uint8Array): Uint8Array[] => [...octets].map((octet) => Uint8Array.of(octet));

const connections: readonly { name: string; sent: string; events: readonly string[] }[] = [
  { name: 'print waiting jobs', sent: '\x01lp\n', events: ['print-waiting lp', 'end true'] },
  { name: 'short status of all jobs', sent: '\x03lp \n', events: ['status false lp ', 'end true'] },
  { name: 'long status of some', sent: '\x04lp alice 12\tbob\n', events: ['status true lp alice,12,bob', 'end true'] },
  { name: 'removal', sent: '\x05lp alice 7 8\r\n', events: ['remove lp alice 7,8', 'end true'] },
  {
    name: 'octets after a command that is none of their business',
    sent: '\x03lp\n\x03lp\n',
    events: ['status false lp ', 'end true'],
  },
  { name: 'a job and no file', sent: '\x02lp\n', events: ['receive-job lp', 'end true'] },
  {
    name: 'control file first',
    sent: '\x02lp\n\x026 cfA001host\nHhost\n\0\x033 dfA001host\nabc\0',
    events: [
      'receive-job lp',
      'control-file 6',
      'control-file-end "Hhost\\n"',
      'data-file A001 3',
      'content "abc"',
      'data-file-end A001 3',
      'end true',
    ],
  },
  {
    name: 'data file first, and a second one',
    sent: '\x02lp\n\x031 dfA999h\n\0\0\x031 dfB999h\nb\0\x022 cfA999h\nHh\0',
    events: [
      'receive-job lp',
      'data-file A999 1',
      'content "\\u0000"',
      'data-file-end A999 1',
      'data-file B999 1',
      'content "b"',
      'data-file-end B999 1',
      'control-file 2',
      'control-file-end "Hh"',
      'end true',
    ],
  },
  {
    name: 'an aborted job',
    sent: '\x02lp\n\x031 dfA001h\na\0\x01\n',
    events: ['receive-job lp', 'data-file A001 1', 'content "a"', 'data-file-end A001 1', 'abort', 'end true'],
  },
  {
    name: 'count 0: up to the end',
    sent: '\x02lp\n\x030 dfA001h\nabc\0',
    events: ['receive-job lp', 'data-file A001 undefined', 'content "abc\\u0000"', 'data-file-end A001 4', 'end true'],
  },
  {
    name: 'count 0 and data that begins with a zero octet',
    sent: '\x02lp\n\x030 dfA001h\n\0\0a',
    events: [
      'receive-job lp',
      'data-file A001 undefined',
      'content "\\u0000\\u0000a"',
      'data-file-end A001 3',
      'end true',
    ],
  },
  {
    name: 'count 0 and a lone zero octet: an empty file',
    sent: '\x02lp\n\x030 dfA001h\n\0',
    events: ['receive-job lp', 'data-file A001 undefined', 'data-file-end A001 0', 'end true'],
  },
  {
    name: 'count 0 and nothing: no file',
    sent: '\x02lp\n\x030 dfA001h\n',
    events: ['receive-job lp', 'data-file A001 undefined', 'end false'],
  },
  {
    name: "Windows' count without byte counting",
    sent: '\x02lp\n\x03125899906843000 dfA001h\nabc',
    events: ['receive-job lp', 'data-file A001 undefined', 'content "abc"', 'data-file-end A001 3', 'end true'],
  },
  {
    name: "Windows' count and nothing: no file",
    sent: '\x02lp\n\x03125899906843000 dfA001h\n',
    events: ['receive-job lp', 'data-file A001 undefined', 'end false'],
  },
  {
    name: 'the connection ends in a file of known length',
    sent: '\x02lp\n\x039 dfA001h\nabc',
    events: ['receive-job lp', 'data-file A001 9', 'content "abc"', 'end false'],
  },
  {
    name: 'the connection ends in place of the zero octet',
    sent: '\x02lp\n\x033 dfA001h\nabc',
    events: ['receive-job lp', 'data-file A001 3', 'content "abc"', 'data-file-end A001 3', 'end true'],
  },
  {
    name: 'the connection ends in a control file',
    sent: '\x02lp\n\x029 cfA001h\nabc',
    events: ['receive-job lp', 'control-file 9', 'end false'],
  },
  { name: 'the connection ends in a line', sent: '\x02lp\n\x029 cf', events: ['receive-job lp', 'end false'] },
  { name: 'no octet at all', sent: '', events: ['end true'] },
  {
    name: 'a longer file than was said',
    sent: '\x02lp\n\x033 dfA001h\nabcd\0',
    events: ['receive-job lp', 'data-file A001 3', 'content "abc"', 'refused bad-file-end'],
  },
  { name: 'HTTP', sent: 'POST / HTTP/1.1\r\n', events: ['refused unknown-command'] },
  { name: 'a command code above 5', sent: '\x06lp\n', events: ['refused unknown-command'] },
  { name: 'a subcommand code above 3', sent: '\x02lp\n\x04x\n', events: ['receive-job lp', 'refused unknown-command'] },
  { name: 'no count', sent: '\x02lp\n\x03dfA001h\n', events: ['receive-job lp', 'refused bad-count'] },
  { name: 'a negative count', sent: '\x02lp\n\x03-1 dfA001h\n', events: ['receive-job lp', 'refused bad-count'] },
  {
    name: 'a control file of unknown size',
    sent: '\x02lp\n\x020 cfA001h\n',
    events: ['receive-job lp', 'refused bad-count'],
  },
  {
    name: 'a control file over the limit',
    sent: '\x02lp\n\x0265537 cfA001h\n',
    events: ['receive-job lp', 'refused too-large'],
  },
  {
    name: 'a data file over the limit',
    sent: '\x02lp\n\x031000001 dfA001h\n',
    events: ['receive-job lp', 'refused too-large'],
  },
  {
    name: 'a path for a name',
    sent: '\x02lp\n\x033 ../../etc/passwd\n',
    events: ['receive-job lp', 'refused bad-file-name'],
  },
  {
    name: 'a path behind a name',
    sent: '\x02lp\n\x033 dfA001/../../x\n',
    events: ['receive-job lp', 'refused bad-file-name'],
  },
  {
    name: 'a data file announced as control file',
    sent: '\x02lp\n\x023 dfA001h\n',
    events: ['receive-job lp', 'refused bad-file-name'],
  },
  { name: 'a line without end', sent: `\x02${'q'.repeat(1024)}`, events: ['refused line-too-long'] },
  {
    name: 'a line of the greatest length',
    sent: `\x02${'q'.repeat(1023)}\n`,
    events: [`receive-job ${'q'.repeat(1023)}`, 'end true'],
  },
];

for (const { name, sent, events } of connections) {
  t.test(`the reader knows: ${name}`, async (t) => {
    const octets = latin1(sent);
    t.strictSame(read([octets]), events, 'whole');
    t.strictSame(read(byteByByte(octets)), events, 'byte by byte');
    for (let cut = 1; cut < Math.min(octets.length, 80); cut += 1)
      t.strictSame(read([octets.subarray(0, cut), octets.subarray(cut)]), events, `cut at ${cut}`);
  });
}

t.test('a lone zero octet after count 0 is an empty file once the client is silent', async (t) => {
  const reader = new LpdReader(limits);
  const events = [...reader.push(latin1('\x02lp\n\x030 dfA001h\n\0'))];
  t.strictSame(summary(events).slice(2), []);
  t.equal(reader.mayBeEmpty, true);
  t.strictSame(summary([...reader.settle()]), ['data-file-end A001 0']);
  t.equal(reader.mayBeEmpty, false);
  t.strictSame(summary([...reader.settle()]), []);
  t.strictSame(summary([...reader.push(latin1('\x022 cfA001h\nHh\0'))]), ['control-file 2', 'control-file-end "Hh"']);
});

t.test('a file of unknown size is bounded by the limit while it comes in', async (t) => {
  const reader = new LpdReader({ ...limits, dataFileOctets: 10 });
  t.throws(
    () => [...reader.push(latin1(`\x02lp\n\x030 dfA001h\n${'x'.repeat(11)}`))],
    new ProtocolError('too-large', 'the data file is too large'),
  );
});

t.test('content is handed on without being copied', async (t) => {
  const piece = latin1('\x02lp\n\x039 dfA001h\nabcdefghi');
  const events = [...new LpdReader(limits).push(piece)];
  const content = events.find((event) => event.type === 'content');
  t.equal(content?.type === 'content' && content.octets.buffer, piece.buffer);
});

t.test('what our client writes, our server reads', async (t) => {
  const octets = fc.uint8Array({ minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(
      fc.array(octets, { minLength: 1, maxLength: 5 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 50 })),
      (files, sizes) => {
        const sent = [Buffer.from(writeReceiveJob('queue'))];
        const expected = ['receive-job queue'];
        for (const [index, content] of files.entries()) {
          const letter = 'ABCDE'.charAt(index);
          sent.push(Buffer.from(writeFileHeader('data', { name: `df${letter}007h`, octets: content.length })));
          sent.push(Buffer.from(content), Buffer.from(fileEnd));
          expected.push(
            `data-file ${letter}007 ${content.length}`,
            `content ${JSON.stringify(Buffer.from(content).toString('latin1'))}`,
            `data-file-end ${letter}007 ${content.length}`,
          );
        }
        const whole = Buffer.concat(sent);
        const pieces: Uint8Array[] = [];
        for (let at = 0; at < whole.length; ) {
          const size = sizes.next().value ?? 1;
          pieces.push(whole.subarray(at, at + size));
          at += size;
        }
        t.strictSame(read(pieces), [...expected, 'end true']);
      },
    ),
    { numRuns: 200 },
  );
});
