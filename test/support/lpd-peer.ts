// A small LPD receiver of its own make, for the tests of the lpr port: it knows nothing of lib/protocols/lpd, so that one mistake cannot
// hide in both. It answers every step with the octets that the test wants, and remembers what came.

import { createServer, type AddressInfo, type Socket } from 'node:net';

/** What the peer does at the n-th of its answers (from 0): say something, stay silent, close, reset. */
export type Step = { readonly say: string } | 'silence' | 'close' | 'reset';

export interface ReceivedFile {
  readonly header: string;
  readonly content: Buffer;
}

export interface LpdPeer {
  readonly port: number;
  readonly command: string;
  readonly files: readonly ReceivedFile[];
  readonly remotePort: number;
  /** How the connection ended, seen from here. */
  readonly ended: Promise<'closed' | 'reset'>;
  /** Answers now what it was silent about. */
  answer(octets: string): void;
  /** Stops or goes on reading. */
  read(on: boolean): void;
  close(): void;
}

/** Serves one connection. Steps that are not given are acknowledged. */
export const startLpdPeer = async (steps: Readonly<Record<number, Step>> = {}): Promise<LpdPeer> => {
  let socket: Socket | undefined;
  let command = '';
  const files: ReceivedFile[] = [];
  let pending = Buffer.alloc(0);
  let expected: { header: string; size: number } | null = null;
  let step = 0;
  let ended: (how: 'closed' | 'reset') => void = () => {};
  const ending = new Promise<'closed' | 'reset'>((resolve) => {
    ended = resolve;
  });

  const say = (): void => {
    const what = steps[step] ?? { say: '\0' };
    step += 1;
    if (what === 'silence') return;
    if (what === 'close') socket?.end();
    else if (what === 'reset') socket?.resetAndDestroy();
    else socket?.write(what.say);
  };
  const take = (): boolean => {
    if (expected !== null) {
      if (pending.length <= expected.size) return false;
      if (pending[expected.size] !== 0) throw new Error('no zero octet behind a file');
      files.push({ header: expected.header, content: pending.subarray(0, expected.size) });
      pending = pending.subarray(expected.size + 1);
      expected = null;
      say();
      return true;
    }
    const end = pending.indexOf(10);
    if (end === -1) return false;
    const line = pending.toString('latin1', 0, end);
    pending = pending.subarray(end + 1);
    if (command === '') command = line;
    else expected = { header: line, size: Number(/^(\d+) /.exec(line.slice(1))?.[1]) };
    say();
    return true;
  };

  const server = createServer({ allowHalfOpen: true }, (made) => {
    socket = made;
    made.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      while (take());
    });
    made.on('error', () => ended('reset'));
    // A reset right behind data is reported as an end; an empty write tells which it was.
    made.on('end', () => made.write('', (error) => ended(error ? 'reset' : 'closed')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get command() {
      return command;
    },
    files,
    get remotePort() {
      return socket?.remotePort ?? 0;
    },
    ended: ending,
    answer: (octets) => socket?.write(octets),
    read: (on) => (on ? socket?.resume() : socket?.pause()),
    close: () => {
      socket?.destroy();
      server.close();
    },
  };
};
