// The printer of the measurements, in its own process.

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Scope } from './scope.js';

export interface Sink {
  readonly port: number;
  /** Resolves when so many documents came, each of so many octets; rejects when one was not whole. */
  expect(documents: number, bytes: number): Promise<void>;
}

type Message = { readonly port: number } | { readonly done: { readonly whole: number; readonly broken: number } };

export const startSink = async (scope: Scope): Promise<Sink> => {
  const child = fork(fileURLToPath(new URL('sink-main.js', import.meta.url)), { execArgv: [] });
  scope.teardown(() => {
    if (child.connected) child.disconnect();
  });
  const next = (): Promise<Message> =>
    new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', () => reject(new Error('the printer ended')));
    });
  const listening = await next();
  return {
    port: 'port' in listening ? listening.port : 0,
    expect: async (documents, bytes) => {
      const answer = next();
      child.send({ documents, bytes });
      const message = await answer;
      if ('done' in message && message.done.broken > 0)
        throw new Error(`${message.done.broken} of ${documents} documents came in pieces`);
    },
  };
};
