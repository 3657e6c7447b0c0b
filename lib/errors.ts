// One table of error codes: what each means, whether trying again may help, and how HTTP and IPP say it. docs/ERRORS in README is checked against it.

export interface ErrorKind {
  readonly meaning: string;
  readonly retriable: boolean;
  readonly http: number;
  /** IPP status code (RFC 8011 appendix B), by name. */
  readonly ipp: string;
}

export const errorKinds = {
  'store-unreachable': {
    meaning: 'the store does not answer',
    retriable: true,
    http: 503,
    ipp: 'server-error-service-unavailable',
  },
  'store-compacted': {
    meaning: 'the store no longer keeps that revision',
    retriable: true,
    http: 500,
    ipp: 'server-error-internal-error',
  },
  'store-outcome-unknown': {
    meaning: 'it is not known whether the write was made',
    retriable: true,
    http: 503,
    ipp: 'server-error-service-unavailable',
  },
  'store-full': {
    meaning: 'the store keeps its room for what it holds already',
    retriable: true,
    http: 507,
    ipp: 'server-error-temporary-error',
  },
  'store-restored': {
    meaning: 'the store is older than what this node has seen',
    retriable: false,
    http: 503,
    ipp: 'server-error-service-unavailable',
  },
  'record-too-new': {
    meaning: 'a record was written by a newer version of Platen; this node leaves it alone',
    retriable: false,
    http: 409,
    ipp: 'server-error-service-unavailable',
  },
  'not-owner': {
    meaning: 'this node does not own the group (any more)',
    retriable: true,
    http: 503,
    ipp: 'server-error-busy',
  },
  'not-ready': { meaning: 'the print spooler is still loading', retriable: true, http: 503, ipp: 'server-error-busy' },
  'spooler-offline': {
    meaning: 'the print spooler of the group is offline',
    retriable: true,
    http: 503,
    ipp: 'server-error-busy',
  },
  'spool-full': {
    meaning: 'the disk has no room left but its reserve',
    retriable: true,
    http: 507,
    ipp: 'server-error-temporary-error',
  },
  'spool-failed': {
    meaning: 'the disk reported an error',
    retriable: false,
    http: 500,
    ipp: 'server-error-internal-error',
  },
  'too-few-copies': {
    meaning: 'the document could not be put on enough nodes',
    retriable: true,
    http: 503,
    ipp: 'server-error-temporary-error',
  },
  'peer-failed': {
    meaning: 'another node did not take or give a document',
    retriable: true,
    http: 503,
    ipp: 'server-error-temporary-error',
  },
  'document-too-large': {
    meaning: 'the document is larger than the limit',
    retriable: false,
    http: 413,
    ipp: 'client-error-request-entity-too-large',
  },
  'document-incomplete': {
    meaning: 'the document ended before its announced length, or the client went away',
    retriable: true,
    http: 400,
    ipp: 'client-error-bad-request',
  },
  'document-damaged': {
    meaning: 'the document is not what was received: its length or SHA-256 differs',
    retriable: false,
    http: 500,
    ipp: 'server-error-internal-error',
  },
  'compression-error': {
    meaning: 'the compressed document cannot be expanded, or expands beyond the limits',
    retriable: false,
    http: 400,
    ipp: 'client-error-compression-error',
  },
  'printer-not-found': {
    meaning: 'there is no such printer',
    retriable: false,
    http: 404,
    ipp: 'client-error-not-found',
  },
  'printer-exists': {
    meaning: 'a printer of that name exists already',
    retriable: false,
    http: 409,
    ipp: 'client-error-not-possible',
  },
  'printer-has-jobs': {
    meaning: 'the printer still has unfinished jobs',
    retriable: false,
    http: 409,
    ipp: 'client-error-not-possible',
  },
  'printer-not-accepting': {
    meaning: 'the printer does not accept jobs',
    retriable: true,
    http: 409,
    ipp: 'server-error-not-accepting-jobs',
  },
  'device-in-use': {
    meaning: 'the device belongs to another group',
    retriable: false,
    http: 409,
    ipp: 'client-error-not-possible',
  },
  'device-refused': {
    meaning: 'the device URI cannot be used',
    retriable: false,
    http: 400,
    ipp: 'client-error-not-possible',
  },
  'job-not-found': { meaning: 'there is no such job', retriable: false, http: 404, ipp: 'client-error-not-found' },
  'job-not-possible': {
    meaning: 'the job is not in a state in which this can be done',
    retriable: false,
    http: 409,
    ipp: 'client-error-not-possible',
  },
  'too-many-jobs': {
    meaning: 'the group holds as many unfinished jobs as it may',
    retriable: true,
    http: 503,
    ipp: 'server-error-too-many-jobs',
  },
  'group-not-found': {
    meaning: 'there is no such group',
    retriable: false,
    http: 404,
    ipp: 'client-error-not-found',
  },
  'group-exists': {
    meaning: 'a group of that name exists already',
    retriable: false,
    http: 409,
    ipp: 'client-error-not-possible',
  },
  'group-refused': {
    meaning: 'the group would contradict itself or another group',
    retriable: false,
    http: 409,
    ipp: 'client-error-not-possible',
  },
  'name-conflict': {
    meaning: 'another host on the network has the name',
    retriable: true,
    http: 409,
    ipp: 'client-error-not-possible',
  },
  'group-not-empty': {
    meaning: 'the group still has printers or unfinished jobs',
    retriable: false,
    http: 409,
    ipp: 'client-error-not-possible',
  },
  'move-refused': {
    meaning: 'the group cannot go to that node now',
    retriable: true,
    http: 409,
    ipp: 'client-error-not-possible',
  },
  'node-not-found': {
    meaning: 'there is no such node',
    retriable: false,
    http: 404,
    ipp: 'client-error-not-found',
  },
  'node-name-taken': {
    meaning: 'another node of that name is alive',
    retriable: false,
    http: 409,
    ipp: 'server-error-internal-error',
  },
  'not-authorized': {
    meaning: 'this client may not do that',
    retriable: false,
    http: 403,
    ipp: 'client-error-not-authorized',
  },
  'not-authenticated': {
    meaning: 'the token is missing or wrong',
    retriable: false,
    http: 401,
    ipp: 'client-error-not-authenticated',
  },
  'not-found': { meaning: 'there is nothing of that name', retriable: false, http: 404, ipp: 'client-error-not-found' },
  'media-type-refused': {
    meaning: 'a body of that media type is not read here',
    retriable: false,
    http: 415,
    ipp: 'client-error-document-format-not-supported',
  },
  'certificate-unusable': {
    meaning: 'a certificate, its key or a revocation list cannot be used',
    retriable: false,
    http: 500,
    ipp: 'server-error-internal-error',
  },
  'internal-error': {
    meaning: 'the server made a mistake; its log says more',
    retriable: false,
    http: 500,
    ipp: 'server-error-internal-error',
  },
  'bad-request': {
    meaning: 'the request cannot be understood',
    retriable: false,
    http: 400,
    ipp: 'client-error-bad-request',
  },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorKinds;

/** An operational error: something that may happen to a correct program. */
export class PlatenError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string = errorKinds[code].meaning, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PlatenError';
    this.code = code;
  }

  get kind(): ErrorKind {
    return errorKinds[this.code];
  }
}

/** The peer broke the protocol. `hint` is the protocol's own status or the word for it, where it has one. */
export class ProtocolError extends Error {
  readonly hint: string;

  constructor(hint: string, message: string) {
    super(message);
    this.name = 'ProtocolError';
    this.hint = hint;
  }
}

/** For a line of the log: that the store does not answer needs no stack. */
export const reasonOf = (error: unknown): { readonly because: string } | { readonly err: unknown } =>
  error instanceof PlatenError && error.code === 'store-unreachable' ? { because: error.message } : { err: error };
