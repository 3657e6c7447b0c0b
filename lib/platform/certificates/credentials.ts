// A node's certificate, key, authority and revocation list while it runs: looked at every few seconds, new files are used at once and files that
// do not fit are left alone; and an alarm, daily, before the certificate ends (R91).

import type { X509Certificate } from 'node:crypto';
import { PlatenError } from '../../errors.js';
import type { EventCode } from '../../model/event.js';
import type { Clock } from '../clock.js';
import type { Log } from '../log.js';
import { endingText } from './ending.js';
import { type CredentialFiles, type FileTexts, Material, readFiles } from './material.js';

const lookEveryMs = 2_000;
const alarmEveryMs = 86_400_000;

export type CertificateNews = (code: EventCode, text: string) => void;

export interface CredentialParts {
  readonly files: CredentialFiles;
  readonly node: string;
  readonly clock: Clock;
  readonly log: Log;
}

export class Credentials {
  readonly #parts: CredentialParts;
  readonly #listeners = new Set<() => void>();
  #isClosed = false;
  #news: CertificateNews | undefined;
  #texts: string;
  #material: Material;
  /** What could not be used at the last look, and whether that was told. */
  #failed: { readonly because: string; readonly isTold: boolean } | undefined;
  #alarmedAt: number | undefined;
  #hadEnded: boolean;

  private constructor(parts: CredentialParts, texts: FileTexts, material: Material) {
    this.#parts = parts;
    this.#texts = JSON.stringify(texts);
    this.#material = material;
    this.#hadEnded = this.hasEnded;
  }

  /** Throws `certificate-unusable` with the file and the reason. */
  static async open(parts: CredentialParts): Promise<Credentials> {
    const texts = await readFiles(parts.files);
    const made = new Credentials(parts, texts, await Material.from(texts, parts.files, parts.node));
    made.#alarm();
    made.#lookLater();
    return made;
  }

  get material(): Material {
    return this.#material;
  }

  get files(): CredentialFiles {
    return this.#parts.files;
  }

  get hasEnded(): boolean {
    return this.#parts.clock.wall() > this.#material.ends;
  }

  /** Why a certificate that was accepted is accepted no longer; the own one must be valid, too. */
  faultOf(certificate: X509Certificate): string | undefined {
    return this.hasEnded ? 'has ended' : this.#material.faultOf(certificate, this.#parts.clock.wall());
  }

  /** Told when other files are in use, and when the certificate has ended. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Where operators are told, once there is such a place; an alarm that was due before is told there too. */
  tell(news: CertificateNews): void {
    this.#news = news;
    this.#alarmedAt = undefined;
    this.#alarm();
  }

  /** One look at the files and the time. */
  async look(): Promise<void> {
    await this.#lookAtFiles();
    if (this.hasEnded && !this.#hadEnded) this.#changed();
    this.#hadEnded = this.hasEnded;
    this.#alarm();
  }

  close(): void {
    this.#isClosed = true;
    this.#listeners.clear();
  }

  #lookLater(): void {
    this.#parts.clock.after(lookEveryMs, () => {
      if (!this.#isClosed) void this.look().finally(() => this.#lookLater());
    });
  }

  async #lookAtFiles(): Promise<void> {
    const { files, node, log } = this.#parts;
    try {
      const read = await readFiles(files);
      const texts = JSON.stringify(read);
      if (texts !== this.#texts) {
        this.#material = await Material.from(read, files, node);
        this.#texts = texts;
        this.#alarmedAt = undefined;
        log.info(
          { serial: this.#material.own.serialNumber, until: this.#material.own.validTo },
          'new certificate files are in use',
        );
        this.#news?.('certificates-loaded', `valid until ${new Date(this.#material.ends).toISOString().slice(0, 10)}`);
        this.#changed();
      }
      this.#failed = undefined;
    } catch (error) {
      if (!(error instanceof PlatenError)) throw error;
      this.#cannotUse(error);
    }
  }

  /** Files that are being copied do not fit together for a moment: what is still so at the next look is told. */
  #cannotUse(error: PlatenError): void {
    const because = error.message;
    const isAgain = this.#failed?.because === because;
    if (isAgain && this.#failed?.isTold === false) {
      this.#parts.log.error({ err: error }, 'new certificate files cannot be used: those before stay in use');
      this.#news?.('certificates-unusable', because);
    }
    this.#failed = { because, isTold: isAgain };
  }

  #alarm(): void {
    const { clock, log, node } = this.#parts;
    const { material } = this;
    const fault = material.faultOf(material.own, clock.wall());
    const text = fault === 'is revoked' ? fault : endingText(material.ends, clock.wall());
    const now = clock.monotonic();
    if (text === undefined || (this.#alarmedAt !== undefined && now - this.#alarmedAt < alarmEveryMs)) return;
    this.#alarmedAt = now;
    log.warn(
      { until: this.#material.own.validTo },
      `the certificate of this node ${text}: platen ca issue ${node} --force`,
    );
    this.#news?.('certificate-ending', `the certificate of ${node} ${text}`);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
