// One LPD job, as a client sends it that never sends anything twice.

import { setTimeout as pause } from 'node:timers/promises';
import { LpdClient } from '../lpd-client.js';
import type { Answer } from './history.js';

const pieceOctets = 16_384;

export interface LpdTarget {
  readonly port: number;
  readonly host?: string;
}

export interface LpdJob {
  readonly printer: string;
  readonly name: string;
  readonly document: Buffer;
  readonly dataFirst: boolean;
  /** Ends the connection after this share of the document. */
  readonly cutAfter?: number;
  readonly pieceMs?: number;
}

export interface LpdReply {
  readonly answer: Answer;
  readonly detail: string;
  /** Our side of the connection. */
  readonly localPort: number;
}

type Step = (client: LpdClient) => Promise<number | 'closed' | 'cut'>;

const controlFile = (name: string): string => `Hclient\nPcampaign\nJ${name}\nfdfA001client\nUdfA001client\nN${name}\n`;

const sendControl = ({ name }: LpdJob): Step[] => {
  const control = controlFile(name);
  return [
    (client) => client.ask(`\x02${Buffer.byteLength(control)} cfA001client\n`),
    (client) => client.ask(`${control}\0`),
  ];
};

const sendData = ({ document, cutAfter, pieceMs }: LpdJob): Step[] => [
  (client) => client.ask(`\x03${document.length} dfA001client\n`),
  async (client) => {
    const size = cutAfter === undefined ? document.length : Math.floor(document.length * cutAfter);
    for (let at = 0; at < size; at += pieceOctets) {
      client.send(document.subarray(at, Math.min(size, at + pieceOctets)));
      if (pieceMs !== undefined) await pause(pieceMs);
    }
    if (size === document.length) return client.ask('\0');
    await pause(5);
    client.reset();
    return 'cut';
  },
];

/** Resolves in every case, with what the client knows. */
export const sendLpd = async ({ port, host = '127.0.0.1' }: LpdTarget, job: LpdJob): Promise<LpdReply> => {
  let client: LpdClient;
  try {
    client = await LpdClient.open(port, { host });
  } catch (error) {
    return { answer: 'not-sent', detail: (error as Error).message, localPort: 0 };
  }
  const files = job.dataFirst ? [...sendData(job), ...sendControl(job)] : [...sendControl(job), ...sendData(job)];
  const { localPort } = client;
  const steps: Step[] = [(one) => one.ask(`\x02${job.printer}\n`), ...files];
  try {
    for (const [index, step] of steps.entries()) {
      const answered = await step(client);
      if (answered === 0) continue;
      if (answered === 'cut') return { answer: 'cut', detail: 'cut off on purpose', localPort };
      const detail = `step ${index + 1} of ${steps.length}: ${answered}`;
      if (answered !== 'closed') return { answer: 'refused', detail, localPort };
      // Without its last file the job was not sent to its end.
      return { answer: index === steps.length - 1 ? 'unknown' : 'cut', detail, localPort };
    }
    return { answer: 'acknowledged', detail: '', localPort };
  } finally {
    client.close();
  }
};
