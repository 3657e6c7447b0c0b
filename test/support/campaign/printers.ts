// The printers of a campaign: they outlive every kill and note what each connection brought.

import { readFileSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import { type Behaviour, type PrintedJob, type PrinterEmulator, startPrinterEmulator } from '../printer-emulator.js';
import { readPrint } from './documents.js';
import type { Print } from './history.js';

export type Models = Readonly<Record<string, Partial<Behaviour>>>;

/** Names and ways; each at an address of its own, as devices are. */
const mixed: Models = {
  quick: {},
  single: { oneAtATime: true },
  slow: { bytesPerSecond: 4_000_000 },
  silent: { onHalfClose: 'ignore' },
};
export const printerNames: readonly string[] = Object.keys(mixed);

export interface Printers {
  readonly prints: Print[];
  readonly emulators: Readonly<Record<string, PrinterEmulator>>;
  /** `name` → device URI. */
  readonly devices: Readonly<Record<string, string>>;
  readonly ports: readonly number[];
  /** Called at once when a connection has ended that brought a job to its end; the printer has not closed its side yet. */
  onLastOctet: () => void;
  /** Called when a printer has read the first octet of a job. */
  onFirstOctet: (printer: string) => void;
  close(): Promise<void>;
}

export const startPrinters = async (directory: string, models = mixed): Promise<Printers> => {
  const prints: Print[] = [];
  const keep = (printer: string, { file, startedAt, endedAt, length, whole }: PrintedJob): void => {
    if (whole && length > 0) printers.onLastOctet();
    // A connection that brought nothing put nothing on paper.
    if (length > 0) prints.push({ printer, startedAt, endedAt, length, ...readPrint(readFileSync(file)) });
    unlinkSync(file);
  };
  const emulators = await Promise.all(
    Object.entries(models).map(async ([name, behaviour], index) => {
      const emulator = await startPrinterEmulator({
        host: `127.0.0.${index + 11}`,
        directory: path.join(directory, name),
        behaviour,
        onJob: (job) => keep(name, job),
        onFirstOctet: () => printers.onFirstOctet(name),
      });
      return [name, emulator] as const;
    }),
  );
  const printers: Printers = {
    prints,
    emulators: Object.fromEntries(emulators),
    devices: Object.fromEntries(emulators.map(([name, { uri }]) => [name, uri])),
    ports: emulators.map(([, { port }]) => port),
    onLastOctet: () => undefined,
    onFirstOctet: () => undefined,
    close: async () => void (await Promise.all(emulators.map(([, emulator]) => emulator.close()))),
  };
  return printers;
};
