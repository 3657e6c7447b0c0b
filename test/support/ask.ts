// One HTTP request, with certificates of a test's own where there are any; a connection for each.

import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly tls?: Pick<RequestOptions, 'ca' | 'cert' | 'key'>;
  readonly timeoutMs: number;
}

/** Rejects when there is no answer in time. */
export const ask = async (
  url: URL | string,
  { method = 'GET', headers = {}, body, tls = {}, timeoutMs }: Asked,
): Promise<{ readonly status: number; readonly text: string }> => {
  const place = new URL(url);
  const options = { ...tls, method, headers, agent: false, signal: AbortSignal.timeout(timeoutMs) } as const;
  const asked = place.protocol === 'https:' ? httpsRequest(place, options) : httpRequest(place, options);
  asked.end(body);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  return { status: response.statusCode ?? 0, text };
};
