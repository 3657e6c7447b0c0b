// What a browser gets: the read-only status page (DESIGN section 8).

import t from 'tap';
import { HttpConnection } from '../../support/ipp-client.js';
import { paused, startIppServer } from '../../support/ipp-server.js';

const cases: readonly { path: string; status: number; body: RegExp }[] = [
  { path: '/printers/lp', status: 200, body: /^lp: stopped \(paused\)\n {2}<script>alert\(1\)<\/script> {2}x\n/ },
  { path: '/ipp/print/lp?x=y', status: 200, body: /^lp: stopped/ },
  { path: '/', status: 200, body: /^lp: [^]*\n\nother: idle\n/ },
  { path: '/printers/', status: 200, body: /^lp: / },
  { path: '/printers/none', status: 404, body: /there is no printer "none"/ },
  { path: '/jobs/1', status: 404, body: /nothing here/ },
  { path: '/admin', status: 404, body: /nothing here/ },
  { path: '/../../etc/passwd', status: 404, body: /nothing here/ },
];
t.test('the status page is plain text that cannot act', async (t) => {
  const info = '<script>alert(1)</script>\r\nx';
  const server = await startIppServer(t, {
    printers: [
      { ...paused, info },
      { ...paused, name: 'other', paused: false },
    ],
  });
  const connection = await HttpConnection.open(t, server.ippPort);
  for (const { path, status, body } of cases) {
    await connection.send(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    const answer = await connection.answer();
    t.equal(answer?.status, status, path);
    t.match(String(answer?.body), body, path);
    t.equal(answer?.headers['content-type'], 'text/plain; charset=utf-8');
    t.equal(answer?.headers['x-content-type-options'], 'nosniff');
  }
  server.disown();
  await connection.send('GET /printers/lp HTTP/1.1\r\nHost: x\r\n\r\n');
  t.equal((await connection.answer())?.status, 503, 'while the virtual server is elsewhere');
  await connection.send('HEAD / HTTP/1.0\r\n\r\n');
  await connection.ended();
});
