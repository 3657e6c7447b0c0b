// The certificate authorities that the machine trusts. Node.js brings its own list and does not know a company's authority.

import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContext } from 'node:tls';

export class SystemTrust {
  readonly #file: string;
  #context: Promise<SecureContext> | undefined;

  constructor(file = '/etc/ssl/certs/ca-certificates.crt') {
    this.#file = file;
  }

  /** Read once; where the machine has no such list, Node.js's own serves. */
  context(): Promise<SecureContext> {
    this.#context ??= readFile(this.#file, 'utf8').then(
      (ca) => createSecureContext({ ca }),
      () => createSecureContext(),
    );
    return this.#context;
  }
}
