// The daemon's commands and the subcommands of "receive a job" (RFC 1179 sections 5 and 6): one table for both directions.

import type { FileKind } from './names.js';

export const commandCodes = { printWaiting: 1, receiveJob: 2, shortStatus: 3, longStatus: 4, removeJobs: 5 } as const;
export const subcommandCodes = { abort: 1, controlFile: 2, dataFile: 3 } as const;

/** Answers, and the octet that ends a file. */
export const acknowledged = 0;
export const refused = 1;

const line = (code: number, text: string): Uint8Array => Buffer.from(`${String.fromCharCode(code)}${text}\n`, 'latin1');
const fileCodes: Readonly<Record<FileKind, number>> = {
  control: subcommandCodes.controlFile,
  data: subcommandCodes.dataFile,
};

export const writeReceiveJob = (queue: string): Uint8Array => line(commandCodes.receiveJob, queue);

/** The subcommand before a control or data file of `octets` octets. */
export const writeFileHeader = (kind: FileKind, file: { name: string; octets: number }): Uint8Array =>
  line(fileCodes[kind], `${file.octets} ${file.name}`);

export const fileEnd: Uint8Array = Uint8Array.of(0);
