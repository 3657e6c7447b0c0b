// URIs that clients use for printers, jobs and the server itself, and those that answers carry (DESIGN section 8).

export type UriTarget =
  | { readonly kind: 'printer'; readonly name: string }
  | { readonly kind: 'job'; readonly id: number }
  /** The printer that a client gets who names none. */
  | { readonly kind: 'default-printer' }
  | { readonly kind: 'server' };

/** What a printer-uri or job-uri names; any host part is taken. `undefined`: nothing that could be here. */
export const readUri = (uri: string): UriTarget | undefined => {
  const match = /^(?:ipps?|https?):\/\/[^/?#]*([^?#]*)/i.exec(uri);
  return match === null ? undefined : readPath(match[1] ?? '');
};

export const readPath = (path: string): UriTarget | undefined => {
  const printer = /^\/(?:printers|ipp\/print)\/([^/]+)\/?$/.exec(path)?.[1];
  if (printer !== undefined) return { kind: 'printer', name: decoded(printer) };
  const job = /^\/jobs\/(\d{1,10})$/.exec(path)?.[1];
  if (job !== undefined) return { kind: 'job', id: Number(job) };
  if (path === '/ipp/print' || path === '/ipp/print/' || path === '/ipp') return { kind: 'default-printer' };
  if (
    path === '' ||
    path === '/' ||
    path === '/jobs' ||
    path === '/jobs/' ||
    path === '/printers' ||
    path === '/printers/'
  )
    return { kind: 'server' };
  return undefined;
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

export const printerUri = (authority: string, printer: string): string => `ipp://${authority}/printers/${printer}`;
export const jobUri = (authority: string, id: number): string => `ipp://${authority}/jobs/${id}`;
export const pageUri = (authority: string, printer: string): string => `http://${authority}/printers/${printer}`;

/** A Host header that can stand in a URI; anything else falls back to the address that was connected to. */
export const authorityOf = (
  hostHeader: string | undefined,
  { localAddress = '', localPort = 0 }: { readonly localAddress?: string; readonly localPort?: number },
): string => {
  const match = /^([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:\d{1,5})?$/.exec(hostHeader ?? '');
  if (match !== null) return `${match[1]?.toLowerCase()}${match[2] ?? portOf(localPort)}`;
  const address = localAddress.startsWith('::ffff:') ? localAddress.slice(7) : localAddress;
  return `${address.includes(':') ? `[${address}]` : address}:${localPort}`;
};

/** HTTP clients leave port 80 out, IPP clients port 631: what an ipp URI then means must be where we are. */
const portOf = (localPort: number): string => (localPort === ippPort ? '' : `:${localPort}`);
const ippPort = 631;
