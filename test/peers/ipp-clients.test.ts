// Real IPP clients against our listener: ipptool's suites, lp, lpstat, cancel, lpr, lpq, lprm, the CUPS back end, a cupsd that forwards.
// Absent ones are skipped by name. What comes out at a printer is compared by its SHA-256.

import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import t, { type Test } from 'tap';
import { systemClock } from '../../lib/platform/clock.js';
import { silentLog } from '../../lib/platform/log.js';
import { RawPort } from '../../lib/ports/raw-port.js';
import { cupsdNeeds, startCupsd } from '../support/cupsd.js';
import { octets, sha256 } from '../support/delivery.js';
import { type IppServer, startIppServer } from '../support/ipp-server.js';
import { publicFolder, run, type RunResult, skipWithout } from '../support/peers.js';
import { type PrinterEmulator, startPrinterEmulator } from '../support/printer-emulator.js';

// The suites wait by themselves.
t.setTimeout(240_000);

interface Site extends IppServer {
  readonly emulator: PrinterEmulator;
  readonly folder: string;
  /** `host:port`, for -h. */
  readonly host: string;
  readonly uri: string;
  /** A file of such octets. */
  file(name: string, content: Uint8Array | string): Promise<string>;
  /** Runs a CUPS command as user alice; it must succeed. */
  cups(command: string, ...args: readonly string[]): Promise<string>;
  tryCups(command: string, args: readonly string[], input?: Uint8Array): Promise<RunResult>;
}

const start = async (t: Test): Promise<Site> => {
  const folder = await publicFolder(t, 'ipp-clients');
  const emulator = await startPrinterEmulator({ directory: path.join(folder, 'printed') });
  t.teardown(() => emulator.close());
  const server = await startIppServer(t, {
    printers: [
      { name: 'lp', deviceUri: emulator.uri, formats: ['application/pdf', 'application/postscript', 'image/jpeg'] },
    ],
    service: { isOperatorAddress: () => true },
    spooler: { ports: { socket: new RawPort({ clock: systemClock, log: silentLog }) } },
  });
  const host = `127.0.0.1:${server.ippPort}`;
  const env = { CUPS_SERVER: host, HOME: folder, USER: 'alice', CUPS_USER: 'alice', TMPDIR: folder };
  const tryCups = (command: string, args: readonly string[], input: Uint8Array = Buffer.alloc(0)) =>
    run(command, args, { env, input });
  return {
    ...server,
    emulator,
    folder,
    host,
    uri: `ipp://${host}/printers/lp`,
    file: async (name, content) => {
      await writeFile(path.join(folder, name), content);
      return path.join(folder, name);
    },
    tryCups,
    cups: async (command, ...args) => {
      const { status, stdout, stderr } = await tryCups(command, args);
      if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${status} ${stdout}${stderr}`);
      return stdout;
    },
  };
};

const suites = '/usr/share/cups/ipptool';
const onePage = `%!PS-Adobe-3.0
/Helvetica findfont 20 scalefont setfont 72 700 moveto (page) show showpage
%%EOF
`;
const ipptool = async (t: Test, site: Site, test: string, document: string, ...args: readonly string[]) => {
  const { status, stdout } = await run(
    'ipptool',
    ['-tI', ...args, '-f', document, '-d', 'filetype=application/octet-stream', site.uri, test],
    {
      cwd: suites,
      timeoutMs: 200_000,
    },
  );
  t.equal(status, 0, `${test}: ${stdout}`);
  t.notMatch(stdout, /\[FAIL\]/);
  return stdout;
};

const single = [
  'get-printer-attributes',
  'get-jobs',
  'get-completed-jobs',
  'create-job',
  'print-job',
  'print-job-gzip',
  'print-job-deflate',
  'print-job-hold',
  'validate-job',
  'get-printers',
];
t.test('ipptool', { ...skipWithout('ipptool'), timeout: 200_000 }, async (t) => {
  for (const name of single)
    await t.test(name, async (t) => {
      const site = await start(t);
      const content = octets(100_000, name.length);
      const document = await site.file('document', content);
      // With -L, ipptool announces the length of the file even where it compresses it.
      for (const framing of /gzip|deflate/.test(name) ? ['-C'] : ['-L', '-C']) {
        await ipptool(t, site, `${name}.test`, document, framing);
        if (!/^(print-job|create-job)/.test(name)) continue;
        for (const job of site.spooler.jobs.allUnfinished())
          if (job.state === 'pending-held') await site.spooler.control.release(job.id);
        t.equal((await site.emulator.nextJob()).sha256, sha256(content), framing);
      }
    });
  await t.test('cancel-current-job, with a job waiting', async (t) => {
    const site = await start(t);
    await site.spooler.pausePrinter('lp', { message: '', cutOff: false });
    await site.cups('lp', '-h', site.host, '-d', 'lp', await site.file('document', 'waits'));
    await ipptool(t, site, 'cancel-current-job.test', path.join(site.folder, 'document'));
    t.equal(site.spooler.jobs.unfinishedCount, 0);
  });
  await t.test('ipp-1.1, the whole suite', { timeout: 200_000 }, async (t) => {
    const site = await start(t);
    const document = await site.file('document.ps', onePage);
    const output = await ipptool(t, site, 'ipp-1.1.test', document);
    const count = (what: string): number => output.split(`[${what}]`).length - 1;
    t.comment(`ipp-1.1: ${count('PASS')} passed, ${count('FAIL')} failed, ${count('SKIP')} skipped`);
    t.ok(count('PASS') >= 30);
  });
});

const sizes = [0, 1, 10_240, 1_000_000];
t.test('lp', { ...skipWithout('lp', 'cancel', 'lpstat') }, async (t) => {
  const site = await start(t);
  const { host, emulator } = site;
  const lp = async (...args: readonly string[]): Promise<string> => {
    const output = await site.cups('lp', '-h', host, '-d', 'lp', ...args);
    return /request id is (lp-\d+)/.exec(output)?.[1] ?? output;
  };
  for (const size of sizes) {
    const content = octets(size, size + 1);
    const file = await site.file(`size-${size}`, content);
    const input = await site.tryCups('lp', ['-h', host, '-d', 'lp'], content);
    t.equal(input.status, 0, input.stderr);
    t.equal((await emulator.nextJob()).sha256, sha256(content), `${size} octets from standard input`);
    await lp(file);
    t.equal((await emulator.nextJob()).sha256, sha256(content), `${size} octets from a file`);
  }
  const letter = octets(5_000, 7);
  const file = await site.file('letter', letter);
  await lp('-n', '3', '-t', 'Prüfung – 印刷', '-q', '80', '-o', 'raw', file);
  t.equal((await emulator.nextJob()).sha256, sha256(letter, letter, letter), 'three copies');
  t.match((await site.allJobs()).at(-1), { name: 'Prüfung – 印刷', priority: 80, copies: 3 });
  await lp(file, await site.file('second', 'second'));
  t.equal((await emulator.nextJob()).sha256, sha256(letter, 'second'), 'two files, one job');

  const id = await lp('-H', 'hold', file);
  t.match(await site.cups('lpstat', '-h', host, '-o', 'lp'), id);
  await site.cups('lp', '-h', host, '-i', id, '-n', '2', '-q', '90');
  await site.cups('lp', '-h', host, '-i', id, '-H', 'resume');
  t.equal((await emulator.nextJob()).sha256, sha256(letter, letter), 'changed while held, then resumed');
  while (site.spooler.jobs.unfinishedCount > 0) await new Promise((resolve) => setImmediate(resolve));
  t.match(await site.cups('lpstat', '-h', host, '-W', 'completed', '-o', 'lp'), id);
  t.notMatch(await site.cups('lpstat', '-h', host, '-o', 'lp'), id);

  const canceled = await lp('-H', 'hold', file);
  await site.cups('cancel', '-h', host, canceled);
  await lp('-H', 'hold', file);
  await lp('-H', 'hold', file);
  await site.cups('cancel', '-h', host, '-a', 'lp');
  t.equal(site.spooler.jobs.unfinishedCount, 0, 'cancel and cancel -a');
  t.not((await site.tryCups('lp', ['-h', host, '-d', 'none', file])).status, 0, 'an unknown queue');
  t.equal(emulator.jobs.length, sizes.length * 2 + 3);
});

t.test('lpstat', { ...skipWithout('lpstat') }, async (t) => {
  const site = await start(t);
  const cases: readonly [readonly string[], RegExp][] = [
    [['-r'], /is running/],
    [['-p', 'lp'], /^printer lp is idle/],
    [['-a', 'lp'], /^lp accepting requests/],
    [['-e'], /^lp$/m],
    [['-v'], /^device for lp: /],
    [['-o'], /^$/],
    [['-d'], /system default destination: lp/],
    [['-W', 'completed'], /^$/],
    [['-t'], /lp accepting requests/],
  ];
  for (const [args, expected] of cases)
    t.match(await site.cups('lpstat', '-h', site.host, ...args), expected, args.join(' '));
});

t.test('lpr, lpq and lprm of CUPS', { ...skipWithout('/usr/bin/lpr', '/usr/bin/lpq', '/usr/bin/lprm') }, async (t) => {
  const site = await start(t);
  const letter = octets(20_000);
  const file = await site.file('letter', letter);
  await site.cups('/usr/bin/lpr', '-H', site.host, '-P', 'lp', '-#', '2', file);
  t.equal((await site.emulator.nextJob()).sha256, sha256(letter, letter));
  await site.spooler.pausePrinter('lp', { message: '', cutOff: false });
  await site.cups('/usr/bin/lpr', '-H', site.host, '-P', 'lp', file);
  const [waiting] = site.spooler.jobs.allUnfinished();
  t.match(await site.cups('/usr/bin/lpq', '-h', site.host, '-P', 'lp'), new RegExp(`alice +${waiting?.id}`));
  await site.cups('/usr/bin/lprm', '-h', site.host, '-P', 'lp', String(waiting?.id));
  t.match(await site.cups('/usr/bin/lpq', '-h', site.host, '-P', 'lp'), /no entries/);
});

t.test(
  'cupsdisable, cupsenable, cupsreject, cupsaccept',
  { ...skipWithout('cupsdisable', 'cupsaccept', 'lp') },
  async (t) => {
    const site = await start(t);
    const letter = octets(20_000);
    const file = await site.file('letter', letter);
    await site.cups('cupsdisable', '-h', site.host, 'lp');
    await site.cups('lp', '-h', site.host, '-d', 'lp', file);
    t.equal(site.spooler.jobs.unfinishedCount, 1);
    await site.cups('cupsenable', '-h', site.host, 'lp');
    t.equal((await site.emulator.nextJob()).sha256, sha256(letter));
    await site.cups('cupsreject', '-h', site.host, 'lp');
    t.not((await site.tryCups('lp', ['-h', site.host, '-d', 'lp', file])).status, 0);
    await site.cups('cupsaccept', '-h', site.host, 'lp');
    await site.cups('lp', '-h', site.host, '-d', 'lp', file);
    t.equal((await site.emulator.nextJob()).sha256, sha256(letter));
  },
);

const backEnd = '/usr/lib/cups/backend/ipp';
t.test('the ipp back end of CUPS', existsSync(backEnd) ? {} : { skip: `${backEnd} is not installed` }, async (t) => {
  const site = await start(t);
  const letter = octets(300_000);
  const file = await site.file('letter', letter);
  for (const query of ['', '?compression=gzip', '?version=1.1']) {
    const env = {
      DEVICE_URI: `${site.uri}${query}`,
      PRINTER: 'x',
      CONTENT_TYPE: 'application/octet-stream',
      FINAL_CONTENT_TYPE: 'application/octet-stream',
      CUPS_SERVERROOT: site.folder,
      TMPDIR: site.folder,
    };
    const ran = await run(backEnd, ['77', 'alice', 'back end job', '1', '', file], { env });
    t.equal(ran.status, 0, ran.stderr);
    t.equal((await site.emulator.nextJob()).sha256, sha256(letter), query);
  }
});

t.test('a cupsd that forwards to us', { ...skipWithout(...cupsdNeeds, 'lp'), timeout: 120_000 }, async (t) => {
  const site = await start(t);
  const cupsd = await startCupsd(t);
  await cupsd.addPrinter('fwd', site.uri);
  const letter = octets(300_000);
  const file = await site.file('letter', letter);
  for (const copies of ['1', '2']) {
    await site.cups('lp', '-h', cupsd.server, '-d', 'fwd', '-n', copies, '-o', 'raw', file);
    const expected = sha256(...Array<Buffer>(Number(copies)).fill(letter));
    t.equal((await site.emulator.nextJob(60_000)).sha256, expected, `${copies} copies`);
  }
});
