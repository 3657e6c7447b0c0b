// The configuration: one YAML file, one schema, a default for everything. The only reader of process.env.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ConfigError, readDocument } from './config/document.js';
import { quickStart } from './config/quick-start.js';
import { brokenRules } from './config/rules.js';
import { schema, type ConfigDocument, type GroupSettings, type PrinterSettings } from './config/schema.js';
import { formatDeviceUri } from './model/device-uri.js';
import type { DeviceOptions, ResendPolicy } from './model/printer.js';
import { logLevels } from './platform/log.js';

const checkedSchema = schema.superRefine((document, context) => {
  for (const { path: where, message } of brokenRules(document))
    context.addIssue({ code: 'custom', path: [...where], message });
});

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** A printer to be made when the store has none of that name; what is changed later lives in the store alone. */
export interface PrinterConfig {
  readonly name: string;
  readonly info: string;
  readonly location: string;
  readonly makeAndModel: string;
  readonly formats: readonly string[];
  /** In its canonical spelling. */
  readonly deviceUri: string;
  readonly device: DeviceOptions;
  readonly interrupted: 'restart' | 'hold';
  readonly maxAttempts: number;
  readonly resends: ResendPolicy;
}

/** A virtual server. */
export type GroupConfig = DeepReadonly<Omit<GroupSettings, 'printers'>> & {
  readonly name: string;
  readonly printers: readonly PrinterConfig[];
};

/** Deeply frozen. Lists stand where the file has maps from names, in its order. */
export type Config = DeepReadonly<Omit<ConfigDocument, 'groups'>> & { readonly groups: readonly GroupConfig[] };
export type Limits = Config['limits'];
export type History = Config['history'];
export type ClusterConfig = NonNullable<Config['cluster']>;

const printerConfig = (printerName: string, settings: PrinterSettings, defaults: ConfigDocument['jobs']) => {
  const { device, info, location, makeAndModel, formats, interrupted, maxAttempts, resends, ...options } = settings;
  return {
    name: printerName,
    info,
    location,
    makeAndModel,
    formats,
    deviceUri: formatDeviceUri(device),
    device: options satisfies DeviceOptions,
    interrupted: interrupted ?? defaults.interrupted,
    maxAttempts: maxAttempts ?? defaults.maxAttempts,
    resends,
  };
};

/** Names of files are relative to the configuration file. */
const withFilesBeside = ({ tls, ...cluster }: NonNullable<ConfigDocument['cluster']>, fileName: string) => {
  const beside = (file: string): string => path.resolve(path.dirname(fileName), file);
  return {
    ...cluster,
    dnsUpdate: cluster.dnsUpdate.map(({ key, ...zone }) => ({
      ...zone,
      key: { ...key, secretFile: beside(key.secretFile) },
    })),
    ...(tls === undefined
      ? {}
      : {
          tls: {
            ca: beside(tls.ca),
            certificate: beside(tls.certificate),
            key: beside(tls.key),
            ...(tls.crl === undefined ? {} : { crl: beside(tls.crl) }),
          },
        }),
  };
};

/** Checks a configuration's text; `fileName` stands in errors, and its folder before relative paths. Throws ConfigError. */
export const parseConfig = (text: string, fileName: string): Config => {
  const document = readDocument(text, fileName, checkedSchema);
  return frozen({
    ...document,
    stateDirectory: path.resolve(path.dirname(fileName), document.stateDirectory),
    ...(document.cluster === undefined ? {} : { cluster: withFilesBeside(document.cluster, fileName) }),
    groups: Object.entries(document.groups).map(([groupName, settings]) => ({
      ...settings,
      name: groupName,
      printers: Object.entries(settings.printers).map(([printerName, seed]) =>
        printerConfig(printerName, seed, document.jobs),
      ),
    })),
  });
};

const frozen = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) frozen(inner);
    Object.freeze(value);
  }
  return value;
};

/** The environment for a process that we start, with these defaults beneath it. */
export const environmentWith = (
  defaults: Readonly<Record<string, string>>,
): Readonly<Record<string, string | undefined>> => ({ ...defaults, ...process.env });

export interface ConfigSource {
  /** Absent: PLATEN_CONFIG, else the quick start. */
  readonly file?: string | undefined;
  /** Absent: PLATEN_STATE, else what the configuration says. */
  readonly stateDirectory?: string | undefined;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Finds, reads and checks the configuration. PLATEN_LOG overrides log.level. Throws ConfigError. */
export const loadConfig = async ({ file, stateDirectory, env = process.env }: ConfigSource = {}): Promise<Config> => {
  const source = file ?? env['PLATEN_CONFIG'];
  const config =
    source === undefined ? parseConfig(quickStart, 'quick-start.yaml') : parseConfig(await textOf(source), source);
  const state = stateDirectory ?? env['PLATEN_STATE'];
  return frozen({
    ...config,
    stateDirectory: state === undefined ? config.stateDirectory : path.resolve(state),
    log: { level: logLevelOf(env['PLATEN_LOG']) ?? config.log.level },
  });
};

const textOf = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const message = `the file cannot be read: ${(error as Error).message}`;
    throw new ConfigError(file, [{ line: 0, column: 0, path: '', message }]);
  }
};

const logLevelOf = (word: string | undefined): Config['log']['level'] | undefined => {
  if (word === undefined) return undefined;
  const level = logLevels.find((known) => known === word);
  if (level !== undefined) return level;
  const message = `"${word}" is none of ${logLevels.join(', ')}`;
  throw new ConfigError('environment', [{ line: 0, column: 0, path: 'PLATEN_LOG', message }]);
};
