// The configuration of a campaign's node: any free ports, the printers given, and patience with jobs that kills cut off.

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

export interface NodeConfig {
  readonly directory: string;
  /** Default: `state/` in the directory. */
  readonly state?: string;
  /** Printer → device URI. */
  readonly devices: Readonly<Record<string, string>>;
  readonly devicePorts: readonly number[];
}

/** JSON is YAML. */
export const writeNodeConfig = async ({
  directory,
  state = 'state',
  devices,
  devicePorts,
}: NodeConfig): Promise<void> => {
  const printers = Object.fromEntries(
    Object.entries(devices).map(([name, device]) => [name, { device, maxAttempts: 1_000, confirmAfterMs: 60 }]),
  );
  const config = {
    stateDirectory: state,
    node: { name: 'node' },
    log: { level: 'warn' },
    groups: {
      print: { addresses: ['127.0.0.1'], networkName: 'localhost', ipp: { port: 0 }, lpd: { ports: [0] }, printers },
    },
    admin: { address: '127.0.0.1', port: 0 },
    jobs: { multipleOperationTimeoutMs: 1_500 },
    devicePorts,
  };
  await mkdir(directory, { recursive: true });
  await writeFile(path.join(directory, 'platen.yaml'), JSON.stringify(config, undefined, 2));
};
