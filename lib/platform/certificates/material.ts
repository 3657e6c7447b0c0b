// What a node proves itself with, and whom it trusts: its files, read and found to fit together. Whether a certificate is valid today is not
// asked here: a node whose certificate has ended starts, says so, and goes on when it gets another one.

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { nodeOfNames } from '../../model/node-identity.js';
import { pemBlocks, readPem, unusable } from './pem.js';
import { plainSerial, readRevoked, type RevokedOf } from './revoked.js';

/** Paths. */
export interface CredentialFiles {
  /** Roots that are trusted: one, or two while an authority is replaced. */
  readonly ca: string;
  /** This node's certificate. */
  readonly certificate: string;
  readonly key: string;
  /** A revocation list of each root. */
  readonly crl?: string | undefined;
}

/** For `createSecureContext` and servers; PEM. */
export interface TlsTexts {
  readonly ca: string[];
  readonly cert: string;
  readonly key: string;
  readonly crl?: string[];
  readonly minVersion: 'TLSv1.3';
}

/** All texts of the files: whether anything is new. */
export interface FileTexts {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  readonly crl: string | undefined;
}

export const readFiles = async (files: CredentialFiles): Promise<FileTexts> => ({
  ca: await readPem(files.ca),
  certificate: await readPem(files.certificate),
  key: await readPem(files.key, { secret: true }),
  crl: files.crl === undefined ? undefined : await readPem(files.crl),
});

export class Material {
  readonly texts: TlsTexts;
  /** For connections that this node opens. */
  readonly context: SecureContext;
  readonly own: X509Certificate;
  readonly #roots: readonly X509Certificate[];
  readonly #revoked: ReadonlySet<string>;

  private constructor(
    texts: TlsTexts,
    parts: { own: X509Certificate; roots: readonly X509Certificate[]; revoked: ReadonlySet<string> },
  ) {
    this.texts = texts;
    this.context = createSecureContext(texts);
    this.own = parts.own;
    this.#roots = parts.roots;
    this.#revoked = parts.revoked;
  }

  /** Throws `certificate-unusable` with the file and the reason when they are not what `node` can use. */
  static async from(read: FileTexts, files: CredentialFiles, node: string): Promise<Material> {
    const roots = certificatesIn(read.ca, files.ca);
    const [own] = certificatesIn(read.certificate, files.certificate);
    const is = nodeOfNames(own?.subjectAltName);
    if (own === undefined || is === undefined)
      throw unusable(files.certificate, 'names no node: `platen ca issue` makes one');
    if (is !== node) throw unusable(files.certificate, `is of node ${is}, and this node is ${node}`);
    if (!roots.some((root) => isFrom(own, root)))
      throw unusable(files.certificate, `is not from the authority in ${files.ca}`);
    if (!isKeyOf(own, read.key, files.key))
      throw unusable(files.key, `does not belong to the certificate ${files.certificate}`);
    const lists = await revokedIn(read.crl, roots, files.crl ?? '');
    const texts = {
      ca: roots.map(String),
      cert: read.certificate,
      key: read.key,
      ...(read.crl === undefined ? {} : { crl: pemBlocks(read.crl, 'X509 CRL') }),
      minVersion: 'TLSv1.3',
    } as const;
    try {
      return new Material(texts, {
        own,
        roots,
        revoked: new Set(lists.flatMap(({ revoked }) => revoked.map(({ serial }) => serial))),
      });
    } catch (error) {
      throw unusable(files.certificate, `cannot be used with its key and lists: ${(error as Error).message}`, error);
    }
  }

  /** Ms since 1970. */
  get ends(): number {
    return Date.parse(this.own.validTo);
  }

  /** Why a certificate that was once accepted is accepted no longer; undefined while it is. */
  faultOf(certificate: X509Certificate, now: number): string | undefined {
    if (this.#revoked.has(plainSerial(certificate.serialNumber))) return 'is revoked';
    if (now > Date.parse(certificate.validTo)) return 'has ended';
    return this.#roots.some((root) => isFrom(certificate, root)) ? undefined : "is not from the cluster's authority";
  }
}

/** Where there are lists at all each root needs one: its certificates could not be looked up. */
const revokedIn = async (
  text: string | undefined,
  roots: readonly X509Certificate[],
  file: string,
): Promise<readonly RevokedOf[]> => {
  if (text === undefined) return [];
  const lists = await Promise.all(pemBlocks(text, 'X509 CRL').map((list) => readRevoked(list, roots, file)));
  const without = roots.find((root) => !lists.some((list) => list.root === root));
  if (without !== undefined) throw unusable(file, `holds no revocation list of ${without.subject}`);
  return lists;
};

const isFrom = (certificate: X509Certificate, root: X509Certificate): boolean =>
  certificate.checkIssued(root) && certificate.verify(root.publicKey);

const certificatesIn = (text: string, file: string): X509Certificate[] => {
  const blocks = pemBlocks(text, 'CERTIFICATE');
  if (blocks.length === 0) throw unusable(file, 'holds no certificate');
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (error) {
    throw unusable(file, `holds no certificate: ${(error as Error).message}`, error);
  }
};

const isKeyOf = (certificate: X509Certificate, key: string, file: string): boolean => {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key));
  } catch (error) {
    throw unusable(file, 'holds no private key', error);
  }
};
