// Which files of a connection make a job: a control file and every data file that it names, in whatever order they came (RFC 1179 section 6).

import { ProtocolError } from '../../errors.js';
import type { ControlFile } from './control-file.js';

export interface AssembledJob<Document> {
  readonly control: ControlFile;
  /** One for each of `control.files`, in that order. */
  readonly documents: readonly Document[];
}

/** Holds the files of one connection until they are a job. Numbers may be used again once their job is complete. */
export class JobAssembly<Document> {
  readonly #mostFiles: number;
  readonly #controls: ControlFile[] = [];
  readonly #documents = new Map<string, Document>();

  /** `mostFiles`: control and data files that may wait for one another. */
  constructor(mostFiles: number) {
    this.#mostFiles = mostFiles;
  }

  /** Throws ProtocolError when a file of this key may not come now; to be asked when it is announced. */
  checkData(key: string): void {
    this.#checkRoom();
    if (this.#documents.has(key)) throw new ProtocolError('file-repeated', 'the same data file is sent twice');
  }

  /** The job that this control file completes, else null. Throws ProtocolError for one that prints nothing. */
  addControl(control: ControlFile): AssembledJob<Document> | null {
    this.#checkRoom();
    if (control.files.length === 0) throw new ProtocolError('nothing-to-print', 'the control file prints no data file');
    this.#controls.push(control);
    return this.#takeComplete();
  }

  /** The job that `document` completes, else null. */
  addData(key: string, document: Document): AssembledJob<Document> | null {
    this.checkData(key);
    this.#documents.set(key, document);
    return this.#takeComplete();
  }

  /** The same text for all files of one job as far as can be told: the number of its first file, else the file's own (section 6.2). */
  scopeOf(key: string): string {
    const control = this.#controls.find(({ files }) => files.some((file) => file.key === key));
    return (control?.files[0]?.key ?? key).slice(1);
  }

  /** True while files wait for others. */
  get isPending(): boolean {
    return this.#controls.length + this.#documents.size > 0;
  }

  /** Forgets everything and returns the documents, to be thrown away (subcommand "abort job", end of the connection). */
  clear(): Document[] {
    const documents = [...this.#documents.values()];
    this.#controls.length = 0;
    this.#documents.clear();
    return documents;
  }

  #checkRoom(): void {
    if (this.#controls.length + this.#documents.size >= this.#mostFiles)
      throw new ProtocolError('too-many-files', 'too many files without the rest of their job');
  }

  #takeComplete(): AssembledJob<Document> | null {
    for (const [index, control] of this.#controls.entries()) {
      const documents = control.files.flatMap(({ key }) => {
        const document = this.#documents.get(key);
        return document === undefined ? [] : [document];
      });
      if (documents.length < control.files.length) continue;
      this.#controls.splice(index, 1);
      for (const { key } of control.files) this.#documents.delete(key);
      return { control, documents };
    }
    return null;
  }
}
