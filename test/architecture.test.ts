// The house rules (DESIGN section 3, CONTRIBUTING): every import of lib/ and bin/ is read. Each rule comes with a source that it must refuse.

import t from 'tap';
import { codeOf, headOf, importsOf, readSources, runtimeImportsOf, type SourceFile } from './support/sources.js';

const layers = [
  { name: 'ground', parts: ['lib/model', 'lib/protocols', 'lib/platform', 'lib/errors', 'lib/config'] },
  { name: 'tools', parts: ['lib/spool', 'lib/drivers', 'lib/ports', 'lib/names', 'lib/status', 'lib/store'] },
  { name: 'work', parts: ['lib/queue', 'lib/cluster'] },
  { name: 'doors', parts: ['lib/intake', 'lib/admin'] },
  { name: 'top', parts: ['lib/main', 'lib/supervisor', 'lib/cli'] },
  { name: 'bin', parts: ['bin'] },
] as const;

/** `lib/queue/schedule.ts` → `lib/queue`; `lib/main.ts` → `lib/main`. */
const partOf = (file: string): string =>
  file.startsWith('bin/') ? 'bin' : file.split('/').slice(0, 2).join('/').replace(/\.ts$/, '');
const layerOf = (file: string): number =>
  layers.findIndex(({ parts }) => (parts as readonly string[]).includes(partOf(file)));
const layerName = (file: string): string => layers[layerOf(file)]?.name ?? 'no layer';

/** What parts of the ground may import beside themselves; the other layers see all of the ground. */
const groundImports: Readonly<Record<string, readonly string[]>> = {
  'lib/model': [],
  'lib/errors': [],
  'lib/protocols': ['lib/model', 'lib/errors'],
  'lib/platform': ['lib/model', 'lib/errors'],
  'lib/config': ['lib/model', 'lib/errors', 'lib/platform'],
};

/** Decisions: the same input gives the same answer. Further files become pure by saying `Pure:` in their first comment; types they may take from anywhere below. */
const pureFiles =
  /^lib\/(queue\/(schedule|verdict|retry|admission)|intake\/admission|status\/printer-mib|drivers\/plan|cluster\/decide)\.ts$/;
/** Says that it is pure. */
const isPure = (file: SourceFile): boolean => pureFiles.test(file.path) || /\bPure[:;.]/.test(headOf(file));

/** Tables may be longer than code. */
const tables = new Set<string>([]);
const longest = 400;

const isOurs = (name: string): boolean => /^(lib|bin|test|drivers)\//.test(name);

/** One sentence for each breach. */
type Rule = (file: SourceFile, isPureFile: (path: string) => boolean) => readonly string[];

const rules: Readonly<Record<string, Rule>> = {
  'every file has its layer': ({ path }) => (layerOf(path) === -1 ? [`${path} is in no layer`] : []),

  'imports point down, and never to another part of the same layer': (file) =>
    importsOf(file).flatMap((name) => {
      if (!name.startsWith('lib/') || partOf(name) === partOf(file.path)) return [];
      const below = layerOf(name) < layerOf(file.path);
      const inGround = groundImports[partOf(file.path)];
      if (inGround === undefined ? below : inGround.includes(partOf(name))) return [];
      return [`${file.path} (${layerName(file.path)}) imports ${name} (${layerName(name)})`];
    }),

  'nothing that runs imports a test or a program': (file) =>
    importsOf(file)
      .filter((name) => isOurs(name) && !name.startsWith('lib/') && partOf(name) !== partOf(file.path))
      .map((name) => `${file.path} imports ${name}`),

  'only a program imports lib/main.ts': (file) =>
    file.path.startsWith('bin/') || !runtimeImportsOf(file).includes('lib/main.ts')
      ? []
      : [`${file.path} imports lib/main.ts`],

  'the command line talks REST only: it runs nothing but itself and the ground': (file) =>
    file.path.startsWith('lib/cli/')
      ? runtimeImportsOf(file)
          .filter((name) => isOurs(name) && partOf(name) !== 'lib/cli' && layerName(name) !== 'ground')
          .map((name) => `${file.path} imports ${name}`)
      : [],

  'the model imports nothing but the model': (file) =>
    file.path.startsWith('lib/model/')
      ? importsOf(file)
          .filter((name) => !name.startsWith('lib/model/'))
          .map((name) => `${file.path} imports ${name}`)
      : [],

  'protocols do no input or output: no module but node:buffer and dns-packet, no timer, no clock': (file) =>
    file.path.startsWith('lib/protocols/')
      ? [
          ...importsOf(file)
            .filter((name) => !isOurs(name) && name !== 'node:buffer' && name !== 'dns-packet')
            .map((name) => `${file.path} imports ${name}`),
          ...impurities(file),
        ]
      : [],

  'pure files run nothing but pure files, and look at no clock': (file, isPureFile) =>
    isPure(file)
      ? [
          ...runtimeImportsOf(file)
            .filter((name) => name !== 'node:buffer' && !isPureFile(name))
            .map((name) => `${file.path} is pure and imports ${name}`),
          ...impurities(file),
        ]
      : [],

  'process.env is read in lib/config.ts only': (file) =>
    file.path !== 'lib/config.ts' &&
    /\bprocess\s*\.\s*env\b|\bprocess\[|\{[^}]*\benv\b[^}]*\}\s*=\s*process\b|\benv\b[^;\n]*from ['"]node:process['"]/.test(
      codeOf(file),
    )
      ? [`${file.path} reads process.env`]
      : [],

  'no child process runs in a shell': (file) =>
    importsOf(file).includes('node:child_process') &&
    /\{[^}]*\bexec(Sync)?\b[^}]*\}\s*from|\bshell\s*:(?!\s*false\b)/.test(codeOf(file))
      ? [`${file.path} may start a shell`]
      : [],

  'no module holds state that changes': (file) =>
    [...codeOf(file).matchAll(/^(?:export )?(?:let|var) (\w+)/gm)].map(
      (match) => `${file.path} has the global variable ${match[1]}`,
    ),

  [`no file is longer than ${longest} lines, tables apart`]: ({ path, text }) => {
    const lines = text.split('\n').length - 1;
    return lines <= longest || tables.has(path) ? [] : [`${path} has ${lines} lines`];
  },
};

const impurities = (file: SourceFile): string[] =>
  [
    ...codeOf(file).matchAll(
      /\b(?:Date\.now|performance\.now|Math\.random|set(?:Timeout|Interval|Immediate)|randomUUID)\b|\bnew Date\(\s*\)/g,
    ),
  ].map(([word]) => `${file.path} uses ${word}`);

const lines = (count: number): string => 'x\n'.repeat(count);
const importing = (name: string): string => `import { x } from '${name}';\n`;

/** Rule → sources that break it, and sources near the edge that do not. */
const proofs: Readonly<
  Record<string, { breaks: [path: string, text: string][]; keeps: [path: string, text: string][] }>
> = {
  'every file has its layer': {
    breaks: [['lib/utils/x.ts', '']],
    keeps: [['lib/main.ts', '']],
  },
  'imports point down, and never to another part of the same layer': {
    breaks: [
      ['lib/queue/a.ts', importing('../intake/b.js')],
      ['lib/queue/a.ts', importing('../cluster/b.js')],
      ['lib/spool/a.ts', importing('../store/store.js')],
      ['lib/names/a.ts', importing('../store/store.js')],
      ['lib/spool/a.ts', `import type { Store } from '../store/store.js';\n`],
      ['lib/spool/a.ts', `import {\n  one,\n  two,\n} from '../ports/port.js';\n`],
      ['lib/spool/a.ts', `export { x } from '../ports/port.js';\n`],
      ['lib/spool/a.ts', `export * from '../ports/port.js';\n`],
      ['lib/spool/a.ts', `const x = await import('../ports/port.js');\n`],
      ['lib/spool/a.ts', `import '../ports/port.js';\n`],
      ['lib/platform/a.ts', importing('../protocols/ipp/tags.js')],
      ['lib/protocols/ipp/a.ts', importing('../../platform/clock.js')],
      ['lib/protocols/ipp/a.ts', importing('../../config.js')],
      ['lib/errors.ts', importing('./model/job.js')],
      ['lib/supervisor/a.ts', importing('../cli/b.js')],
    ],
    keeps: [
      ['lib/queue/a.ts', importing('../store/store.js') + importing('./b.js') + importing('zod')],
      ['lib/protocols/ipp/a.ts', importing('../../errors.js') + importing('../lpd/b.js')],
      ['lib/main.ts', importing('./intake/a.js') + importing('./config.js')],
      ['lib/config/rules.ts', importing('../config.js')],
    ],
  },
  'nothing that runs imports a test or a program': {
    breaks: [
      ['lib/main.ts', importing('../test/support/x.js')],
      ['lib/cli/a.ts', importing('../../bin/platen.js')],
    ],
    keeps: [['bin/platend.ts', importing('./b.js') + importing('../lib/main.js')]],
  },
  'only a program imports lib/main.ts': {
    breaks: [['lib/supervisor/a.ts', importing('../main.js')]],
    keeps: [['bin/platend.ts', importing('../lib/main.js')]],
  },
  'the command line talks REST only: it runs nothing but itself and the ground': {
    breaks: [
      ['lib/cli/a.ts', importing('../queue/b.js')],
      ['lib/cli/a.ts', importing('../admin/b.js')],
    ],
    keeps: [
      ['lib/cli/a.ts', importing('../model/job.js') + importing('./b.js') + importing('commander')],
      ['lib/cli/a.ts', `import type { X } from '../admin/x.js';\n`],
    ],
  },
  'the model imports nothing but the model': {
    breaks: [
      ['lib/model/a.ts', importing('node:net')],
      ['lib/model/a.ts', importing('../errors.js')],
    ],
    keeps: [['lib/model/a.ts', importing('./job.js')]],
  },
  'protocols do no input or output: no module but node:buffer and dns-packet, no timer, no clock': {
    breaks: [
      ['lib/protocols/ipp/a.ts', importing('node:net')],
      ['lib/protocols/ipp/a.ts', importing('pino')],
      ['lib/protocols/ipp/a.ts', 'const x = Date.now();'],
      ['lib/protocols/ipp/a.ts', 'setTimeout(() => {}, 1);'],
      ['lib/protocols/ipp/a.ts', 'const x = new Date();'],
    ],
    keeps: [
      [
        'lib/protocols/ipp/a.ts',
        `${importing('node:buffer')}${importing('dns-packet')}// not Date.now()\nconst x = new Date(5);`,
      ],
    ],
  },
  'pure files run nothing but pure files, and look at no clock': {
    breaks: [
      ['lib/queue/schedule.ts', importing('../store/embedded/embedded-store.js')],
      ['lib/queue/schedule.ts', importing('../platform/clock.js')],
      ['lib/queue/a.ts', `// Pure: decides.\n${importing('../ports/raw-port.js')}`],
      ['lib/queue/a.ts', '// Pure.\nconst x = Math.random();'],
      ['lib/queue/a.ts', `// Pure.\n${importing('zod')}`],
    ],
    keeps: [
      [
        'lib/queue/a.ts',
        `// Pure.\n${importing('../model/job.js')}${importing('./schedule.js')}import type { X } from '../store/store.js';\n`,
      ],
      ['lib/queue/b.ts', importing('../platform/clock.js')],
    ],
  },
  'process.env is read in lib/config.ts only': {
    breaks: [
      ['lib/main.ts', 'const x = process.env.HOME;'],
      ['bin/platend.ts', `const x = process['env'];`],
      ['lib/main.ts', 'const { env } = process;'],
      ['lib/main.ts', `import { env } from 'node:process';\n`],
    ],
    keeps: [
      ['lib/config.ts', 'process.env'],
      ['lib/main.ts', '// process.env is not for us\nprocess.exit(1);'],
    ],
  },
  'no child process runs in a shell': {
    breaks: [
      ['lib/platform/a.ts', `import { exec } from 'node:child_process';\n`],
      ['lib/platform/a.ts', `import { spawn } from 'node:child_process';\nspawn('x', [], { shell: true });`],
    ],
    keeps: [
      ['lib/platform/a.ts', `import { spawn } from 'node:child_process';\nspawn('/x', [], { shell: false });`],
      ['lib/protocols/lpd/a.ts', 'const match = /x/.exec(text);'],
    ],
  },
  'no module holds state that changes': {
    breaks: [
      ['lib/queue/a.ts', 'let count = 0;\n'],
      ['lib/queue/a.ts', 'export let count = 0;\n'],
    ],
    keeps: [['lib/queue/a.ts', 'const f = () => {\n  let count = 0;\n};\n// let it be\n']],
  },
  [`no file is longer than ${longest} lines, tables apart`]: {
    breaks: [['lib/queue/a.ts', lines(longest + 1)]],
    keeps: [['lib/queue/a.ts', lines(longest)]],
  },
};

const sources = readSources(['lib', 'bin']);
const sourceAt = new Map(sources.map((file) => [file.path, file]));

/** Looks at no clock and runs nothing that does; `seen` ends circles. */
const isPureFile = (path: string, seen: readonly string[] = []): boolean => {
  const file = sourceAt.get(path);
  if (file === undefined) return pureFiles.test(path) || /^lib\/(model|protocols|errors)\b/.test(path);
  if (impurities(file).length > 0) return false;
  return runtimeImportsOf(file).every(
    (name) => name === 'node:buffer' || seen.includes(name) || isPureFile(name, [...seen, path]),
  );
};

t.test('there are sources to be read, and their imports are seen', async (t) => {
  t.ok(sources.length > 20);
  t.ok(sources.flatMap(importsOf).length > sources.length);
});

for (const [name, rule] of Object.entries(rules)) {
  t.test(`rule: ${name}`, async (t) => {
    t.same(
      sources.flatMap((file) => rule(file, (path) => isPureFile(path))),
      [],
    );
  });

  t.test(`the rule can fail: ${name}`, async (t) => {
    const proof = proofs[name];
    t.ok(proof, 'it has a proof');
    for (const [path, text] of proof?.breaks ?? [])
      t.not(rule({ path, text }, (name) => isPureFile(name)).length, 0, text.slice(0, 80));
    for (const [path, text] of proof?.keeps ?? [])
      t.same(
        rule({ path, text }, (name) => isPureFile(name)),
        [],
        text.slice(0, 80),
      );
  });
}

t.test('no proof is left without its rule', async (t) => {
  t.same(Object.keys(proofs), Object.keys(rules));
});
