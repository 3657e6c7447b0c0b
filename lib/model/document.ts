// A document in the spool, as a job's record lists it (DESIGN section 6).

export interface StoredDocument {
  /** 1 for the first document of a job. */
  readonly number: number;
  /** document-name, when the client gave one. */
  readonly name?: string;
  /** MIME media type, as the client said it. */
  readonly format: string;
  /** Epoch whose directory holds the file. */
  readonly epoch: number;
  /** The server's own file name in that directory. */
  readonly file: string;
  /** Octets. */
  readonly length: number;
  /** SHA-256 of the octets, lower-case hexadecimal. */
  readonly sha256: string;
  /** Nodes that hold a copy. */
  readonly holders: readonly string[];
}
