// A document in the spool, as a job's record lists it, and where its copies are (DESIGN section 6).

export interface StoredDocument {
  /** 1 for the first document of a job. */
  readonly number: number;
  /** document-name, when the client gave one. */
  readonly name?: string;
  /** MIME media type, as the client said it. */
  readonly format: string;
  /** Epoch in which it was received. */
  readonly epoch: number;
  /** Octets. */
  readonly length: number;
  /** SHA-256 of the octets, lower-case hexadecimal. */
  readonly sha256: string;
  /** Node → the server's own name of the copy there: `<file>` in that epoch's directory; `<epoch>/<file>` for a copy made at a later epoch. */
  readonly holders: Readonly<Record<string, string>>;
}

/** One node's copy: all that is needed to find it there and to tell whether it is intact. */
export interface DocumentCopy {
  /** Epoch whose directory holds the file. */
  readonly epoch: number;
  readonly file: string;
  readonly length: number;
  readonly sha256: string;
}

/** Undefined when that node has none. */
export const copyOn = (document: StoredDocument, node: string): DocumentCopy | undefined => {
  const name = Object.hasOwn(document.holders, node) ? document.holders[node] : undefined;
  if (name === undefined) return undefined;
  const { length, sha256 } = document;
  const slash = name.indexOf('/');
  if (slash === -1) return { epoch: document.epoch, file: name, length, sha256 };
  return { epoch: Number(name.slice(0, slash)), file: name.slice(slash + 1), length, sha256 };
};

/** What the record calls a copy. */
export const holderName = (
  document: Pick<StoredDocument, 'epoch'>,
  { epoch, file }: Pick<DocumentCopy, 'epoch' | 'file'>,
): string => (epoch === document.epoch ? file : `${epoch}/${file}`);

export const withCopies = (
  document: StoredDocument,
  copies: Iterable<readonly [node: string, copy: Pick<DocumentCopy, 'epoch' | 'file'>]>,
): StoredDocument => {
  const added = [...copies].map(([node, copy]) => [node, holderName(document, copy)] as const);
  return { ...document, holders: { ...document.holders, ...Object.fromEntries(added) } };
};

/** Without the copy of that name on that node; one that was replaced meanwhile stays. */
export const withoutCopy = (document: StoredDocument, node: string, name: string): StoredDocument => {
  if (document.holders[node] !== name) return document;
  return { ...document, holders: Object.fromEntries(Object.entries(document.holders).filter(([key]) => key !== node)) };
};
