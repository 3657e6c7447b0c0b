// The project's own source files, for the tests that read them.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const projectRoot = path.resolve(import.meta.dirname, '..', '..', '..');

export interface SourceFile {
  /** From the project's folder, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** Every TypeScript file below the folders. */
export const readSources = (folders: readonly string[]): readonly SourceFile[] =>
  folders.flatMap((folder) =>
    readdirSync(path.join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => path.posix.join(folder, name))
      .map((file) => ({ path: file, text: readFileSync(path.join(projectRoot, file), 'utf8') })),
  );

const importPattern =
  /^\s*(?:import|export)\b(\s+type\b)?[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;

const importsWhere = ({ path: file, text }: SourceFile, isWanted: (typeOnly: boolean) => boolean): readonly string[] =>
  [...text.matchAll(importPattern)]
    .filter(([, type]) => isWanted(type !== undefined))
    .map((match) => {
      const name = match[2] ?? match[3] ?? match[4] ?? '';
      return name.startsWith('.') ? path.posix.join(path.posix.dirname(file), name).replace(/\.js$/, '.ts') : name;
    });

/** What the file imports: paths from the project's folder for relative imports, else the module's name. */
export const importsOf = (file: SourceFile): readonly string[] => importsWhere(file, () => true);

/** The same without what is imported as types only, which is gone when the program runs. */
export const runtimeImportsOf = (file: SourceFile): readonly string[] => importsWhere(file, (typeOnly) => !typeOnly);

/** The source without comments; texts stay as they are. */
export const codeOf = ({ text }: SourceFile): string =>
  text.replace(/('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)|\/\*[^]*?\*\/|\/\/[^\n]*/g, '$1');

/** The comment that the file begins with. */
export const headOf = ({ text }: SourceFile): string => /^(?:\/\/[^\n]*\n)*/.exec(text)?.[0] ?? '';
