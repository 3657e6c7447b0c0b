// Where an etcd member is reached, and how: https, or plain http where nobody listens in (R92).

const isLoopback = ({ hostname }: URL): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);

const endpointOf = (text: string, insecure: boolean): URL => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.pathname !== '/' || url.search !== '')
    throw new RangeError(`an etcd endpoint is http[s]://host:port, not ${text}`);
  if (url.protocol === 'http:' && !insecure && !isLoopback(url))
    throw new RangeError(`${text} is plain http to another machine: use https, or say insecure`);
  return url;
};

/** Throws RangeError for what is no endpoint, for none at all, and for plain http to another machine unless `insecure`. */
export const parseEndpoints = (texts: readonly string[], insecure: boolean): URL[] => {
  if (texts.length === 0) throw new RangeError('an etcd store has one endpoint or more');
  return texts.map((text) => endpointOf(text, insecure));
};
