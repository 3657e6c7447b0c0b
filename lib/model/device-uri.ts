// Device URIs: which way a printer's bytes go. Only devices that another node could reach too are allowed.

export const deviceSchemes = ['socket', 'lpd', 'ipp', 'ipps'] as const;
export type DeviceScheme = (typeof deviceSchemes)[number];

export interface DeviceUri {
  readonly scheme: DeviceScheme;
  /** Name or address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** lpd: the queue's name; ipp: the path with its leading slash and query; socket: empty. */
  readonly path: string;
}

const defaultPorts: Readonly<Record<DeviceScheme, number>> = { socket: 9100, lpd: 515, ipp: 631, ipps: 631 };
const localSchemes = new Set(['parallel', 'serial', 'usb', 'file', 'pipe', 'exec', 'hp', 'cups-pdf', 'lpt', 'com']);

/** Ports that need no explicit permission (R46). */
export const usualDevicePorts: readonly number[] = [515, 631, 9100, 9101, 9102, 9103, 9104, 9105, 9106, 9107];
export const isUsualDevicePort = (port: number): boolean => usualDevicePorts.includes(port);

export type DeviceUriResult =
  | { readonly ok: true; readonly uri: DeviceUri }
  | { readonly ok: false; readonly reason: string };

const refuse = (reason: string): DeviceUriResult => ({ ok: false, reason });

/** Reads a device URI, or says in one sentence why it cannot be used. */
export const parseDeviceUri = (text: string): DeviceUriResult => {
  const schemeText = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[1]?.toLowerCase();
  if (schemeText === undefined) return refuse('a device URI starts with socket://, lpd://, ipp:// or ipps://');
  if (localSchemes.has(schemeText))
    return refuse(
      `${schemeText}: is a port of one machine; no other node could take such a printer over. Use the printer's network address`,
    );
  const scheme = deviceSchemes.find((known) => known === schemeText);
  if (scheme === undefined) return refuse(`${schemeText}: is not one of ${deviceSchemes.join(', ')}`);
  let url: URL;
  try {
    // The URL standard parses hosts strictly only for schemes it knows.
    url = new URL(`http${text.slice(schemeText.length)}`);
  } catch {
    return refuse('the device URI cannot be read: expected scheme://host[:port][/path]');
  }
  if (url.username !== '' || url.password !== '') return refuse('a device URI holds no user name or password');
  if (url.hash !== '') return refuse('a device URI has no fragment (#)');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (host === '') return refuse('the device URI names no host');
  // `:80` is the default of the scheme the parser saw, so it drops it.
  const explicit = /^[a-z]+:\/\/(?:\[[^\]]*\]|[^/:?#]*):(\d+)/i.exec(text)?.[1];
  const port = explicit === undefined ? defaultPorts[scheme] : Number(explicit);
  if (port < 1 || port > 65535) return refuse('the port is not between 1 and 65535');
  const path = `${url.pathname}${url.search}`;
  if (scheme === 'socket') {
    if (path !== '/' && path !== '') return refuse('socket:// takes no path');
    return { ok: true, uri: { scheme, host, port, path: '' } };
  }
  if (scheme === 'lpd') {
    const queue = decodeURIComponentOrEmpty(url.pathname.slice(1));
    if (!/^[\x21-\x7e]{1,127}$/.test(queue) || queue.includes('/') || url.search !== '')
      return refuse('lpd:// names a queue: lpd://host/queue, of 1 to 127 visible ASCII characters');
    return { ok: true, uri: { scheme, host, port, path: queue } };
  }
  return { ok: true, uri: { scheme, host, port, path } };
};

const decodeURIComponentOrEmpty = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
};

/** The URI in one canonical spelling. */
export const formatDeviceUri = ({ scheme, host, port, path }: DeviceUri): string => {
  const authority = `${host.includes(':') ? `[${host}]` : host}${port === defaultPorts[scheme] ? '' : `:${port}`}`;
  const tail = scheme === 'lpd' ? `/${encodeURIComponent(path)}` : path;
  return `${scheme}://${authority}${tail}`;
};
