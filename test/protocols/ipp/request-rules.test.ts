import { performance } from 'node:perf_hooks';
import t from 'tap';
import { checkRequest, checkVersion, servedVersion } from '../../../lib/protocols/ipp/request-rules.js';
import * as v from '../../../lib/protocols/ipp/values.js';

const utf8 = v.attribute('attributes-charset', v.charset('utf-8'));
const english = v.attribute('attributes-natural-language', v.language('en-us'));
const target = v.attribute('printer-uri', v.uri('ipp://server/ipp/print/p'));
const operation = v.group(1, utf8, english, target);
const request = (...groups: readonly v.IppGroup[]): v.IppMessage => ({
  version: { major: 2, minor: 0 },
  code: 0x000b,
  requestId: 5,
  groups,
});
const beginning = (...attributes: readonly v.IppAttribute[]): v.IppMessage => request(v.group(1, ...attributes));
const good = request(operation);
const job = v.group(2, v.attribute('copies', v.integer(1)));
const subscription = v.group(6, v.attribute('notify-events', v.keyword('job-completed')));

const badRequest = 'client-error-bad-request';
const noVersion = 'server-error-version-not-supported';
const noCharset = 'client-error-charset-not-supported';
const twice = v.attribute('m', v.integer(1));

const cases: readonly (readonly [string, string, v.IppMessage])[] = [
  ['a request', 'ok', good],
  ['version 1.0', 'ok', { ...good, version: { major: 1, minor: 0 } }],
  ['version 2.9', 'ok', { ...good, version: { major: 2, minor: 9 } }],
  ['version 0.0', noVersion, { ...good, version: { major: 0, minor: 0 } }],
  ['version 3.0', noVersion, { ...good, version: { major: 3, minor: 0 } }],
  ['version 9.9', noVersion, { ...good, version: { major: 9, minor: 9 } }],
  ['version 1.-1', noVersion, { ...good, version: { major: 1, minor: -1 } }],
  ['an operation that nobody has', 'ok', { ...good, code: 0x3fff }],
  ['request-id 0', badRequest, { ...good, requestId: 0 }],
  ['request-id -1', badRequest, { ...good, requestId: -1 }],
  ['no groups', badRequest, request()],
  ['the job group first', badRequest, request(job, operation)],
  ['two operation groups', badRequest, request(operation, operation)],
  ['an operation and a job group', 'ok', request(operation, job)],
  ['two job groups', badRequest, request(operation, job, job)],
  ['a job and two subscription groups', 'ok', request(operation, job, subscription, subscription)],
  ['a job group after a subscription group', badRequest, request(operation, subscription, job)],
  ['two printer groups', badRequest, request(operation, v.group(4), v.group(4))],
  ['two groups that nobody knows', 'ok', request(operation, v.group(15), v.group(15))],
  ['no attributes', badRequest, beginning()],
  ['no natural language', badRequest, beginning(utf8, target)],
  ['no charset', badRequest, beginning(english, target)],
  ['language before charset', badRequest, beginning(english, utf8, target)],
  ['the target first', badRequest, beginning(target, utf8, english)],
  ['the charset twice', badRequest, beginning(utf8, utf8, english)],
  ['the charset again later', badRequest, beginning(utf8, english, utf8)],
  [
    'two charsets',
    badRequest,
    beginning(v.attribute('attributes-charset', v.charset('utf-8'), v.charset('utf-8')), english),
  ],
  ['a keyword as charset', badRequest, beginning(v.attribute('attributes-charset', v.keyword('utf-8')), english)],
  ['no value as charset', badRequest, beginning(v.attribute('attributes-charset', v.noValue), english)],
  ['a keyword as language', badRequest, beginning(utf8, v.attribute('attributes-natural-language', v.keyword('en')))],
  ['charset UTF-8', 'ok', beginning(v.attribute('attributes-charset', v.charset('UTF-8')), english)],
  ['charset us-ascii', 'ok', beginning(v.attribute('attributes-charset', v.charset('US-ASCII')), english)],
  ['charset iso-8859-1', noCharset, beginning(v.attribute('attributes-charset', v.charset('iso-8859-1')), english)],
  ['an empty charset', noCharset, beginning(v.attribute('attributes-charset', v.charset('')), english)],
  ['an attribute twice', badRequest, request(v.group(1, utf8, english, target, target))],
  ['an attribute twice in the job group', badRequest, request(operation, v.group(2, twice, twice))],
  ['an attribute in two groups', 'ok', request(operation, v.group(2, twice), v.group(6, twice))],
  ['a member twice', badRequest, request(operation, v.group(2, v.attribute('c', v.collection([twice, twice]))))],
  [
    'a member of two collections',
    'ok',
    request(operation, v.group(2, v.attribute('c', v.collection([twice]), v.collection([twice])))),
  ],
  [
    'a member twice, deep inside',
    badRequest,
    request(
      operation,
      v.group(2, v.attribute('c', v.collection([v.attribute('d', v.noValue, v.collection([twice, twice]))]))),
    ),
  ],
  // Of two faults the earlier check answers.
  ['version and request-id wrong', noVersion, { ...good, version: { major: 3, minor: 0 }, requestId: 0 }],
  [
    'request-id and charset wrong',
    badRequest,
    { ...beginning(v.attribute('attributes-charset', v.charset('x')), english), requestId: 0 },
  ],
  [
    'charset unknown and language absent',
    badRequest,
    beginning(v.attribute('attributes-charset', v.charset('x')), target),
  ],
  [
    'charset unknown and language malformed',
    noCharset,
    beginning(
      v.attribute('attributes-charset', v.charset('x')),
      v.attribute('attributes-natural-language', v.language('!')),
    ),
  ],
];

for (const [name, expected, message] of cases) {
  t.test(`${name}: ${expected}`, async (t) => {
    const verdict = checkRequest(message);
    t.equal(verdict.ok ? 'ok' : verdict.status, expected, verdict.ok ? '' : verdict.detail);
  });
}

t.test('an accepted request says what its answer needs', async (t) => {
  const verdict = checkRequest({ ...good, version: { major: 1, minor: 4 } });
  t.same(verdict, {
    ok: true,
    version: { major: 1, minor: 1 },
    operationId: 0x000b,
    requestId: 5,
    charset: 'utf-8',
    naturalLanguage: 'en-us',
    operation,
  });
});

t.test('natural languages are tags of RFC 5646 and nothing else', async (t) => {
  const verdict = (tag: string): boolean =>
    checkRequest(beginning(utf8, v.attribute('attributes-natural-language', v.language(tag)))).ok;
  for (const tag of ['en', 'EN-us', 'i-cherokee', 'zh-Hant-TW', 'de-DE-1996', 'x-private', 'sl-rozaj-biske-1994'])
    t.ok(verdict(tag), tag);
  for (const tag of [
    '',
    '-',
    'en-',
    '-en',
    'en--us',
    'en_US',
    'e n',
    'en\n',
    'éé',
    '../en',
    '123',
    'en-toolongsubtag',
    'a'.repeat(9),
    '%s',
    'en\u0000',
  ]) {
    t.notOk(verdict(tag), JSON.stringify(tag));
  }
  const start = performance.now();
  t.notOk(verdict(`${'a-'.repeat(100_000)}!`));
  t.ok(performance.now() - start < 2_000, 'in linear time');
});

t.test('control characters do not reach the sentence about an attribute', async (t) => {
  const evil = v.attribute('a\u001b[2J\n', v.integer(1));
  const verdict = checkRequest(request(v.group(1, utf8, english, evil, evil)));
  t.match(verdict, { ok: false, detail: 'the attribute a?[2J? comes twice' });
});

t.test('every version is answered in one that is spoken, the closest', async (t) => {
  const served = (major: number, minor: number): string => Object.values(servedVersion({ major, minor })).join('.');
  const table = {
    '0.0': '1.0',
    '1.0': '1.0',
    '1.1': '1.1',
    '1.2': '1.1',
    '2.0': '2.0',
    '2.1': '2.1',
    '2.2': '2.2',
    '2.9': '2.2',
    '3.0': '2.2',
    '9.9': '2.2',
  };
  for (const [asked, answered] of Object.entries(table)) {
    const [major = 0, minor = 0] = asked.split('.').map(Number);
    t.equal(served(major, minor), answered, asked);
    t.equal(checkVersion({ major, minor }) === undefined, major === 1 || major === 2, asked);
  }
  t.equal(served(-1, -1), '1.0');
  t.equal(served(1, -5), '1.0');
});
