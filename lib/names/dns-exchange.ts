// One message to a DNS server and its answer: over UDP, and over TCP where that is truncated or silent.

import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';

export interface DnsServer {
  /** IP address. */
  readonly address: string;
  readonly port: number;
}

export interface ExchangeOptions {
  readonly server: DnsServer;
  /** Whether it is the answer, whole; other datagrams are passed over. */
  readonly judge: (octets: Buffer) => 'answer' | 'truncated' | 'other';
  readonly signal: AbortSignal;
}

const udpPatienceMs = 1_500;
const tcpPatienceMs = 5_000;

/** Undefined: no whole answer came. Whatever is wrong with UDP, TCP is tried. */
const overUdp = (message: Buffer, { server, judge, signal }: ExchangeOptions): Promise<Buffer | undefined> =>
  new Promise((resolve) => {
    const socket = createSocket(isIPv6(server.address) ? 'udp6' : 'udp4');
    const patience = AbortSignal.any([signal, AbortSignal.timeout(udpPatienceMs)]);
    const end = (answer?: Buffer): void => {
      patience.removeEventListener('abort', onAbort);
      socket.removeAllListeners();
      // An error of a socket that is being closed is nobody's.
      socket.on('error', () => {});
      socket.close();
      resolve(answer);
    };
    const onAbort = (): void => end();
    patience.addEventListener('abort', onAbort);
    socket.on('error', () => end());
    socket.on('message', (octets) => {
      const what = judge(octets);
      if (what !== 'other') end(what === 'answer' ? octets : undefined);
    });
    // Connected: who else answers is not heard.
    socket.connect(server.port, server.address, () => socket.send(message));
  });

/** RFC 1035 section 4.2.2. Rejects with the reason. */
const overTcp = (message: Buffer, { server, judge, signal }: ExchangeOptions): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: server.address, port: server.port });
    const patience = AbortSignal.any([signal, AbortSignal.timeout(tcpPatienceMs)]);
    let received = Buffer.alloc(0);
    const end = (result: Buffer | Error): void => {
      patience.removeEventListener('abort', onAbort);
      socket.destroy();
      if (result instanceof Error) reject(result);
      else resolve(result);
    };
    const onAbort = (): void => end(new Error('it does not answer'));
    patience.addEventListener('abort', onAbort);
    if (patience.aborted) return onAbort();
    socket.on('error', end);
    socket.on('close', () => end(new Error('it closed the connection without an answer')));
    socket.on('connect', () => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(message.length);
      socket.write(Buffer.concat([length, message]));
    });
    socket.on('data', (part) => {
      received = Buffer.concat([received, part]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      const answer = received.subarray(2, 2 + received.readUInt16BE(0));
      end(judge(answer) === 'answer' ? answer : new Error('what it answers is no answer'));
    });
  });

/** Rejects with the reason when there is no answer. */
export const exchange = async (message: Buffer, options: ExchangeOptions): Promise<Buffer> =>
  (await overUdp(message, options)) ?? overTcp(message, options);
