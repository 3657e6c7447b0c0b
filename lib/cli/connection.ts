// Which node a command speaks with, and with which token: command line, then environment, then configuration.

import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import path from 'node:path';
import { readToken, tokenFile } from '../platform/token.js';
import { ConfigError } from '../config/document.js';
import { loadConfig, type Config } from '../config.js';
import { onlyNode } from '../platform/certificates/only-node.js';
import type { Clock } from '../platform/clock.js';
import { CliError } from './exit-codes.js';
import { RestClient, type Trust } from './rest-client.js';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ConnectionOptions {
  readonly url?: string;
  readonly config?: string;
  readonly state?: string;
  readonly tokenFile?: string;
  readonly ca?: string;
}

const everyAddress: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

const configuredUrl = ({ admin, cluster }: Config): string => {
  if (admin.port === 0)
    throw new CliError('usage', 'the configuration leaves the port of the REST API open', 'Give --url.');
  const address = everyAddress[admin.address] ?? admin.address;
  const scheme = cluster?.tls === undefined ? 'http' : 'https';
  return `${scheme}://${isIPv6(address) ? `[${address}]` : address}:${admin.port}`;
};

const parsedUrl = (text: string): URL => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '')
    throw new CliError('usage', `not the URL of a node: ${text}`, 'It looks like http://127.0.0.1:8630.');
  return url;
};

const configuration = async ({ config, state }: ConnectionOptions, env: Environment): Promise<Config> => {
  try {
    return await loadConfig({ file: config, stateDirectory: state, env });
  } catch (error) {
    if (error instanceof ConfigError) throw new CliError('usage', error.message);
    throw error;
  }
};

const tokenIn = async (file: string): Promise<string> => {
  try {
    return await readToken(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? `there is no token file ${file}` : `the token cannot be read: ${message}`;
    const advice =
      code === 'EACCES'
        ? 'Run this as the user that platend runs as.'
        : 'platend makes it at its first start: name its state directory with --state, or the file with --token-file.';
    throw new CliError('not-authorized', reason, advice);
  }
};

/** Whom to believe that it is the node: the cluster's authority, where one is named. */
const trustIn = async (file: string | undefined): Promise<Trust> => {
  if (file === undefined) return {};
  try {
    return { ca: await readFile(file, 'utf8') };
  } catch (error) {
    throw new CliError('usage', `the certificate of the authority cannot be read: ${(error as Error).message}`);
  }
};

/** Throws CliError `usage` or `not-authorized`. The configuration is read only where it is needed. */
export const connect = async (options: ConnectionOptions, env: Environment, clock: Clock): Promise<RestClient> => {
  const givenUrl = options.url ?? env['PLATEN_URL'];
  const givenCa = options.ca ?? env['PLATEN_CA'];
  const givenFile = options.tokenFile ?? (options.state === undefined ? env['PLATEN_TOKEN_FILE'] : undefined);
  if (givenUrl !== undefined && givenFile !== undefined)
    return new RestClient({
      url: parsedUrl(givenUrl),
      token: await tokenIn(path.resolve(givenFile)),
      trust: await trustIn(givenCa),
      clock,
    });
  const config = await configuration(options, env);
  const file = givenFile === undefined ? tokenFile(config.stateDirectory) : path.resolve(givenFile);
  const url = parsedUrl(givenUrl ?? configuredUrl(config));
  const token = await tokenIn(file);
  const trust = await trustIn(givenCa ?? config.cluster?.tls?.ca);
  // The configuration says which node it is, whatever its address.
  const only = givenUrl === undefined && config.cluster?.tls !== undefined ? onlyNode(config.node.name) : {};
  return new RestClient({ url, token, trust: { ...trust, ...only }, clock });
};
