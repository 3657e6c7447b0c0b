// npm's ipp-printer as an independent IPP/1.1 peer: it knows six operations and refuses any other version.

import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { publicFolder, startProgram, type TestScope } from './peers.js';

export interface IppPrinterPeer {
  readonly uri: string;
  /** Documents of its jobs, in the order of the jobs. */
  documents(): Promise<readonly Buffer[]>;
  stop(): Promise<void>;
}

export const startIppPrinterPeer = async (t: TestScope): Promise<IppPrinterPeer> => {
  const folder = await publicFolder(t, 'ipp-printer');
  const main = path.join(import.meta.dirname, 'ipp-printer-main.js');
  const program = await startProgram(t, process.execPath, [main, folder], {
    isReady: (output) => output.includes('ready ipp://'),
  });
  return {
    uri: /ready (\S+)/.exec(program.output())?.[1] ?? '',
    documents: async () => Promise.all((await readdir(folder)).sort().map((name) => readFile(path.join(folder, name)))),
    stop: () => program.stop(),
  };
};
