import { PassThrough } from 'node:stream';
import t from 'tap';
import { UploadProgress } from '../../lib/cli/job/upload-progress.js';

const start = (isTTY: boolean, total: number | undefined) => {
  const stream = Object.assign(new PassThrough(), { isTTY });
  let now = 0;
  const progress = new UploadProgress({ stream, clock: { monotonic: () => now }, total });
  const at = (ms: number, sent: number): string => {
    now = ms;
    progress.update(sent);
    return String(stream.read() ?? '');
  };
  const end = (): string => {
    progress.end();
    return String(stream.read() ?? '');
  };
  return { at, end };
};

const MiB = 2 ** 20;

t.test('a terminal gets a bar that is gone at the end', async (t) => {
  const { at, end } = start(true, 100 * MiB);
  t.equal(at(900, 10 * MiB), '', 'nothing in the first second');
  t.equal(at(1_000, 50 * MiB), `\r\u001b[K[${'#'.repeat(15)}${'.'.repeat(15)}] 50 % of 100 MiB, 50.0 MiB/s`);
  t.equal(at(1_050, 60 * MiB), '', 'not more often than every 100 ms');
  t.match(at(1_060, 100 * MiB), '100 %', 'the end at once');
  t.equal(end(), '\r\u001b[K');
});

t.test('anything else gets a line every five seconds', async (t) => {
  const { at, end } = start(false, 100 * MiB);
  t.equal(at(4_999, 10 * MiB), '');
  t.equal(at(5_000, 20 * MiB), '20 % of 100 MiB, 4.0 MiB/s\n');
  t.equal(at(9_000, 30 * MiB), '');
  t.equal(at(10_000, 40 * MiB), '40 % of 100 MiB, 4.0 MiB/s\n');
  t.equal(end(), '');
});

t.test('a short upload says nothing; one of unknown length tells its octets', async (t) => {
  const short = start(true, MiB);
  t.equal(short.at(10, MiB), '');
  t.equal(short.end(), '');
  t.equal(start(true, undefined).at(2_000, 3 * MiB), '\r\u001b[K3.0 MiB sent, 1.5 MiB/s');
});
