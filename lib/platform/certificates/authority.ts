// A cluster's own certificate authority (R91): its root, the nodes' certificates, and the list of those that were revoked (RFC 5280).

import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { nodeUri } from '../../model/node-identity.js';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  X509CrlGenerator,
} from './x509.js';

/** A certificate and its private key (PKCS #8), PEM. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
}

export interface Revocation {
  /** Hexadecimal. */
  readonly serial: string;
  readonly at: Date;
}

const dayMs = 86_400_000;
const rootYears = 10;
/** Clocks of machines differ: a certificate is valid at once on all of them. */
const skewMs = 300_000;

const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const;

const { subtle } = webcrypto;

const newKeys = (): Promise<webcrypto.CryptoKeyPair> => subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);

const keyPem = async (key: webcrypto.CryptoKey): Promise<string> =>
  `${PemConverter.encode(await subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;

const signingKey = ({ key }: Issued): Promise<webcrypto.CryptoKey> =>
  subtle.importKey('pkcs8', PemConverter.decodeFirst(key), keyAlgorithm, false, ['sign']);

/** 16 octets, positive and of full length (RFC 5280 section 4.1.2.2). */
const newSerial = (): string => {
  const octets = randomBytes(16);
  octets[0] = ((octets[0] ?? 0) & 0x3f) | 0x40;
  return octets.toString('hex');
};

const pem = (made: { toString(format: 'pem'): string }): string => `${made.toString('pem')}\n`;

export const createRoot = async (now: number): Promise<Issued> => {
  const keys = await newKeys();
  const notAfter = new Date(now);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + rootYears);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    // Two authorities have two names, so that nothing takes one for the other.
    name: `CN=Platen cluster ${randomBytes(4).toString('hex')}`,
    notBefore: new Date(now - skewMs),
    notAfter,
    signingAlgorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pem(certificate), key: await keyPem(keys.privateKey) };
};

export interface NodeCertificate {
  readonly node: string;
  /** IP addresses and DNS names that others reach it by; its own loopback is added. */
  readonly addresses: readonly string[];
  readonly days: number;
  readonly now: number;
}

/** What programs on the node itself reach it by: etcd and the command line. */
export const loopbackNames = ['127.0.0.1', '::1', 'localhost'];

export const issueNode = async (root: Issued, { node, addresses, days, now }: NodeCertificate): Promise<Issued> => {
  const issuer = new X509Certificate(root.certificate);
  const keys = await newKeys();
  const names = [...new Set([...addresses, ...loopbackNames])].map(
    (value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }) as const,
  );
  const certificate = await X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: [{ CN: [node.slice(0, 64)] }],
    issuer: issuer.subject,
    notBefore: new Date(now - skewMs),
    notAfter: new Date(Math.min(now + days * dayMs, issuer.notAfter.getTime())),
    signingAlgorithm,
    publicKey: keys.publicKey,
    signingKey: await signingKey(root),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      new SubjectAlternativeNameExtension([{ type: 'url', value: nodeUri(node) }, ...names]),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { certificate: pem(certificate), key: await keyPem(keys.privateKey) };
};

/** CRLNumber (section 5.2.3): a later list has a larger one. */
const listNumber = (now: number): Extension => {
  const digits = Math.floor(now).toString(16);
  const even = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
  // The first bit is the sign.
  const octets = (even[0] ?? 0) < 0x80 ? even : Buffer.concat([Buffer.from([0]), even]);
  return new Extension('2.5.29.20', false, Buffer.concat([Buffer.from([2, octets.length]), octets]));
};

/** It has no end before the root's: a node that got no newer one must not refuse everybody. */
export const revocationList = async (root: Issued, revoked: readonly Revocation[], now: number): Promise<string> => {
  const issuer = new X509Certificate(root.certificate);
  const list = await X509CrlGenerator.create({
    issuer: issuer.subject,
    thisUpdate: new Date(now - skewMs),
    nextUpdate: issuer.notAfter,
    signingAlgorithm,
    signingKey: await signingKey(root),
    entries: revoked.map(({ serial, at }) => ({ serialNumber: serial, revocationDate: at })),
    extensions: [await AuthorityKeyIdentifierExtension.create(issuer.publicKey), listNumber(now)],
  });
  // What OpenSSL, and so Node.js, looks for.
  return `${PemConverter.encode(list.rawData, 'X509 CRL')}\n`;
};
