// The lpr port: a job to a device that speaks LPD (RFC 1179 section 6), all its documents as the data files of one LPD job.

import { PlatenError } from '../errors.js';
import type { Outcome } from '../model/outcome.js';
import type { Clock } from '../platform/clock.js';
import { fileEnd, writeFileHeader, writeReceiveJob } from '../protocols/lpd/commands.js';
import { writeControlFile } from '../protocols/lpd/control-file.js';
import { fileName, type FileKind } from '../protocols/lpd/names.js';
import { connectDevice } from './connect.js';
import { DeviceLink } from './device-link.js';
import { connectReserved } from './lpr-connection.js';
import { LprConversation } from './lpr-conversation.js';
import type { Delivery, OutgoingDocument, Port, PortTarget } from './port.js';

const connectMs = 30_000;
/** For an answer while no octet of a document has left: nobody waits for paper then. */
const answerMs = 60_000;

interface OutgoingFile {
  readonly kind: FileKind;
  readonly name: string;
  /** For people. */
  readonly label: string;
  readonly octets: number;
  open(): AsyncIterable<Uint8Array>;
}

export class LprPort implements Port {
  readonly #clock: Clock;

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  async print(target: PortTarget, delivery: Delivery): Promise<Outcome> {
    const files = outgoingFiles(target, delivery);
    if (files === null) {
      await delivery.begin({ sourcePort: 0 });
      return {
        result: 'delivered',
        evidence: 'confirmed',
        detail: 'the job is empty: there was nothing to send',
        bytes: 0,
      };
    }
    delivery.progress({ phase: 'connecting', written: 0, drained: 0, detail: '' });
    const { uri, addresses, options, source } = target;
    const connect = options.lpdReservedPort ? connectReserved : connectDevice;
    const connected = await connect({
      host: uri.host,
      addresses,
      port: uri.port,
      source,
      signal: delivery.signal,
      clock: this.#clock,
      timeoutMs: connectMs,
    });
    if (!connected.ok) {
      const result = delivery.signal.aborted ? 'canceled' : 'unreachable';
      return { result, evidence: 'not-started', detail: connected.reason, bytes: 0 };
    }
    const link = new DeviceLink(connected.socket, { clock: this.#clock, signal: delivery.signal });
    try {
      return await this.#carry(link, { queue: uri.path, files, delivery });
    } catch (error) {
      link.reset('canceled');
      throw error;
    } finally {
      link.close();
    }
  }

  async #carry(
    link: DeviceLink,
    { queue, files, delivery }: { queue: string; files: readonly OutgoingFile[]; delivery: Delivery },
  ): Promise<Outcome> {
    const talk = new LprConversation(link, { clock: this.#clock, delivery });
    const what = `queue ${queue}`;
    const refused =
      (await talk.send(writeReceiveJob(queue), { file: what, document: false })) ??
      (await talk.acknowledgement(what, { phase: 'waiting', withinMs: answerMs }));
    if (refused !== null) return refused;
    await delivery.begin({ sourcePort: link.connection.localPort });
    let documentSent = false;
    for (const [index, file] of files.entries()) {
      const document = file.kind === 'data';
      const header = { file: file.label, document: false };
      const bound = documentSent ? {} : { withinMs: answerMs };
      const stopped =
        (await talk.send(writeFileHeader(file.kind, file), header)) ??
        (await talk.acknowledgement(file.label, { phase: 'waiting', ...bound })) ??
        (await sendContent(talk, file)) ??
        (await talk.send(fileEnd, header)) ??
        (await talk.acknowledgement(file.label, {
          phase: index === files.length - 1 ? 'confirming' : 'draining',
          ...(document ? {} : bound),
        }));
      if (stopped !== null) return stopped;
      talk.confirm();
      documentSent ||= document;
    }
    return talk.delivered();
  }
}

const sendContent = async (talk: LprConversation, file: OutgoingFile): Promise<Outcome | null> => {
  const { kind, label, octets } = file;
  let sent = 0;
  for await (const chunk of file.open()) {
    sent += chunk.length;
    // The device counts on the announced length: what is behind it would be read as commands.
    if (sent > octets) break;
    const stopped = await talk.send(chunk, { file: label, document: kind === 'data' });
    if (stopped !== null) return stopped;
    if (kind === 'data') talk.report('sending', '');
  }
  if (sent !== octets) throw new PlatenError('document-damaged', `${label} is not as long as was announced`);
  return null;
};

/**
 * The control file and the data files in the order that the device wants. Empty documents are left out: count 0 means "until I
 * close" to some receivers (section 6.3). Null when nothing is left. Every document is sent once, whatever the number of copies.
 */
const outgoingFiles = (
  { options }: PortTarget,
  { job, documents, copies }: Delivery,
): readonly OutgoingFile[] | null => {
  const number = job.id % 1000;
  const name = (kind: FileKind, index: number): string => fileName(kind, { index, number, host: job.host });
  const printable = documents.filter((document) => document.length > 0);
  if (printable.length === 0) return null;
  const data = printable.map((document: OutgoingDocument, index): OutgoingFile => {
    const label = `document ${documents.indexOf(document) + 1}`;
    return { kind: 'data', name: name('data', index), label, octets: document.length, open: () => document.open() };
  });
  const content = writeControlFile({
    host: job.host,
    user: job.user,
    jobName: job.name,
    files: printable.map((document, index) => ({ name: name('data', index), sourceName: document.name })),
    copies,
  });
  const control: OutgoingFile = {
    kind: 'control',
    name: name('control', 0),
    label: 'the control file',
    octets: content.length,
    open: async function* () {
      yield content;
    },
  };
  return options.lpdOrder === 'control-first' ? [control, ...data] : [...data, control];
};
