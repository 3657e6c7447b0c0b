// A stand-in for etcd's JSON gateway whose answers a test gives, one by one and when it wants to.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';

export interface Asked {
  readonly path: string;
  readonly body: Record<string, unknown>;
  answer(body: object, status?: number): void;
}

export interface ScriptedGateway {
  readonly endpoint: string;
  /** What was asked so far, oldest first. */
  readonly asked: readonly Asked[];
}

export const header = (revision: number, cluster = '1') => ({ cluster_id: cluster, revision: String(revision) });

/** `onAsk` is told each request, whose answer may wait. */
export const startGateway = async (t: Test, onAsk: (asked: Asked) => void = () => {}): Promise<ScriptedGateway> => {
  const asked: Asked[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const one: Asked = {
      path: request.url ?? '',
      body: JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>,
      answer: (body, status = 200) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(body));
      },
    };
    asked.push(one);
    onAsk(one);
  };
  const server = createServer((request, response) => void take(request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.teardown(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
};
