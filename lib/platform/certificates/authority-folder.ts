// A certificate authority as a folder that an operator keeps: its root, its revocation list, what it issued, and for each node a folder to be carried there.

import { X509Certificate } from 'node:crypto';
import { access, readdir } from 'node:fs/promises';
import path from 'node:path';
import { nodeOfNames } from '../../model/node-identity.js';
import { ensureDirectory, replaceFile } from '../durable-file.js';
import { canonicalAddress } from '../ip-address.js';
import { createRoot, type Issued, issueNode, loopbackNames, revocationList } from './authority.js';
import { nodeFiles } from './files.js';
import { readPem, unusable } from './pem.js';
import { plainSerial, readRevoked } from './revoked.js';

/** One certificate that the authority issued. */
export interface IssuedCertificate {
  readonly serial: string;
  readonly node: string;
  /** IP addresses and DNS names, but for those of loopback that all have. */
  readonly addresses: readonly string[];
  readonly from: number;
  readonly to: number;
  readonly revokedAt?: number;
}

export interface IssueOptions {
  readonly node: string;
  /** Absent: those of the node's certificate before. */
  readonly addresses?: readonly string[];
  readonly days: number;
  readonly now: number;
  /** Replaces the node's certificate and key in its folder. */
  readonly force: boolean;
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

/** Those that the operator gave. */
const addressesOf = (names: string | undefined): string[] =>
  (names ?? '')
    .split(', ')
    .flatMap((name) => /^(?:IP Address|DNS):(.+)$/.exec(name)?.[1] ?? [])
    .map((address) => canonicalAddress(address.toLowerCase()))
    .filter((address) => !loopbackNames.includes(address));

export class AuthorityFolder {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = path.resolve(directory);
  }

  get rootFile(): string {
    return path.join(this.directory, 'ca.crt');
  }

  get keyFile(): string {
    return path.join(this.directory, 'ca.key');
  }

  get listFile(): string {
    return path.join(this.directory, 'crl.pem');
  }

  /** What is to be carried to the node. */
  folderOf(node: string): string {
    return path.join(this.directory, 'nodes', node);
  }

  /** Founds the authority, with a revocation list that is empty. Throws `certificate-unusable` where one is already. */
  async init(now: number): Promise<void> {
    for (const file of [this.rootFile, this.keyFile])
      if (await exists(file))
        throw unusable(file, 'is there already: an authority is never replaced; give another folder');
    const root = await createRoot(now);
    await ensureDirectory(this.directory);
    await replaceFile(this.keyFile, root.key);
    await replaceFile(this.listFile, await revocationList(root, [], now));
    await replaceFile(this.rootFile, root.certificate);
  }

  /** Throws `certificate-unusable` when the node has a certificate and `force` is not given. */
  async issue({ node, addresses, days, now, force }: IssueOptions): Promise<IssuedCertificate> {
    const root = await this.#root();
    const folder = this.folderOf(node);
    const keyFile = path.join(folder, nodeFiles.key);
    if (!force && (await exists(keyFile)))
      throw unusable(keyFile, 'is there already: to replace certificate and key, give --force');
    const serial = await this.#inFolder(node);
    const before = (await this.list()).find((known) => known.serial === serial);
    const issued = await issueNode(root, { node, addresses: addresses ?? before?.addresses ?? [], days, now });
    const made = new X509Certificate(issued.certificate);
    await ensureDirectory(path.join(this.directory, 'issued'));
    // First: what was given away can be revoked.
    await replaceFile(this.#issuedFile(made), issued.certificate);
    await ensureDirectory(folder);
    await replaceFile(keyFile, issued.key);
    await replaceFile(path.join(folder, nodeFiles.certificate), issued.certificate);
    await replaceFile(path.join(folder, nodeFiles.ca), root.certificate);
    await replaceFile(path.join(folder, nodeFiles.crl), await readPem(this.listFile));
    return this.#describe(made, new Map());
  }

  /** By node, in the order in which they were issued. */
  async list(): Promise<IssuedCertificate[]> {
    const root = new X509Certificate(await readPem(this.rootFile));
    const revoked = await this.#revoked(root);
    const folder = path.join(this.directory, 'issued');
    const files = (await exists(folder)) ? (await readdir(folder)).filter((name) => name.endsWith('.crt')) : [];
    const certificates = await Promise.all(files.map((name) => this.#read(path.join(folder, name))));
    return certificates
      .map((certificate) => this.#describe(certificate, revoked))
      .toSorted((one, other) => one.node.localeCompare(other.node) || one.from - other.from || one.to - other.to);
  }

  /** The node's certificates that were revoked by this: all, or all but the one in its folder. */
  async revoke(node: string, { old, now }: { old: boolean; now: number }): Promise<IssuedCertificate[]> {
    const root = await this.#root();
    const all = await this.list();
    const nodes = all.filter((known) => known.node === node);
    if (nodes.length === 0) throw unusable(this.directory, `holds no certificate of node ${node}`);
    const kept = old ? await this.#inFolder(node) : undefined;
    const due = nodes.filter((known) => known.revokedAt === undefined && known.serial !== kept);
    const revoked = await this.#revoked(new X509Certificate(root.certificate));
    for (const { serial } of due) revoked.set(serial, now);
    const list = await revocationList(
      root,
      [...revoked].map(([serial, at]) => ({ serial, at: new Date(at) })),
      now,
    );
    await replaceFile(this.listFile, list);
    for (const name of new Set(all.map((known) => known.node)))
      if (await exists(this.folderOf(name))) await replaceFile(path.join(this.folderOf(name), nodeFiles.crl), list);
    return due;
  }

  async #root(): Promise<Issued> {
    const certificate = await readPem(this.rootFile);
    const key = await readPem(this.keyFile, { secret: true });
    return { certificate, key };
  }

  async #revoked(root: X509Certificate): Promise<Map<string, number>> {
    const { revoked } = await readRevoked(await readPem(this.listFile), [root], this.listFile);
    return new Map(revoked.map(({ serial, at }) => [serial, at.getTime()]));
  }

  /** The serial number of the certificate in the node's folder. */
  async #inFolder(node: string): Promise<string | undefined> {
    const file = path.join(this.folderOf(node), nodeFiles.certificate);
    return (await exists(file)) ? plainSerial((await this.#read(file)).serialNumber) : undefined;
  }

  #issuedFile({ serialNumber }: X509Certificate): string {
    return path.join(this.directory, 'issued', `${plainSerial(serialNumber)}.crt`);
  }

  async #read(file: string): Promise<X509Certificate> {
    try {
      return new X509Certificate(await readPem(file));
    } catch (error) {
      throw unusable(file, `is no certificate: ${(error as Error).message}`, error);
    }
  }

  #describe(certificate: X509Certificate, revoked: ReadonlyMap<string, number>): IssuedCertificate {
    const serial = plainSerial(certificate.serialNumber);
    const revokedAt = revoked.get(serial);
    return {
      serial,
      node: nodeOfNames(certificate.subjectAltName) ?? '',
      addresses: addressesOf(certificate.subjectAltName),
      from: Date.parse(certificate.validFrom),
      to: Date.parse(certificate.validTo),
      ...(revokedAt === undefined ? {} : { revokedAt }),
    };
  }
}
