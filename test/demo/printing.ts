// A client of the demonstration: Print-Job over HTTP, again and again until the virtual server answers, as a patient client does.

import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { ippRequest, IppReply } from '../support/ipp-client.js';

interface Target {
  readonly address: string;
  readonly port: number;
  readonly printer: string;
}

const post = ({ address, port }: Target, body: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const sent = request(
      { host: address, port, method: 'POST', agent: false, headers: { 'content-type': 'application/ipp' } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve(Buffer.concat(chunks)));
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.setTimeout(5_000, () => sent.destroy(new Error('no answer')));
    sent.end(body);
  });

/** Resolves with the job's id and how long it took until the job was accepted. */
export const printPatiently = async (
  target: Target,
  document: Uint8Array,
  withinMs = 20_000,
): Promise<{ readonly job: number; readonly ms: number }> => {
  const uri = `ipp://${target.address}:${target.port}/printers/${target.printer}`;
  const body = ippRequest('Print-Job', { uri, user: 'demo', data: document });
  const started = performance.now();
  for (;;) {
    try {
      const reply = new IppReply(await post(target, body));
      if (String(reply.status).startsWith('successful'))
        return { job: Number(reply.value('job-id')), ms: performance.now() - started };
    } catch (error) {
      if (performance.now() - started > withinMs) throw error;
    }
    await pause(20);
  }
};
