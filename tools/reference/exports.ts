/** Every public export with the first sentence of what its source says of it: docs/exports.md, which `npm run docs` writes. */
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface PublicExport {
  readonly name: string;
  /** Relative to the repository. */
  readonly file: string;
  /** Its first sentence; empty where the source says nothing. */
  readonly says: string;
}

/** The entries of package.json by the name that they are imported under, and their sources. */
export function entries(): [name: string, source: string][] {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { types: string }>;
  };
  return Object.entries(exports).flatMap(([path, target]): [string, string][] =>
    typeof target === 'string'
      ? []
      : [[`wgad${path.slice(1)}`, join(root, target.types.replace('dist/', 'src/').replace('.d.ts', '.ts'))]],
  );
}

const known = new Map<string, PublicExport[]>();

/** What a module exports, from wherever it takes it. */
export function exportsOf(module: string): PublicExport[] {
  const found = known.get(module) ?? read(module);
  known.set(module, found);
  return found;
}

function read(module: string): PublicExport[] {
  const text = readFileSync(module, 'utf8');
  const own = [...text.matchAll(DECLARED)].map(([, name]) => described(module, text, name!));
  const passed = [...text.matchAll(PASSED)].flatMap(([, list, from]): PublicExport[] => {
    const all = exportsOf(join(dirname(module), from!));
    if (list === undefined) return all;
    const names = list.split(',').map((each) => each.replace(/^\s*type /, '').trim());
    return names.filter((name) => name !== '').map((name) => all.find((each) => each.name === name)!);
  });
  return [...own, ...passed];
}

const DECLARED = /^export (?:async )?(?:function\*?|const|class|interface|type) (\w+)/gm;
const PASSED = /^export (?:type )?(?:\{([^}]*)\}|\*) from '(\.[^']+)';/gm;

function described(module: string, text: string, name: string): PublicExport {
  const lines = text.split('\n');
  const declares = new RegExp(`^export (?:async )?(?:function\\*?|const|class|interface|type) ${name}\\b`);
  const at = lines.findIndex((line) => declares.test(line));
  // A list of names and the type of its elements are one thing, and so said once.
  const said = /^export (?:const|type) /.test(lines[at - 1] ?? '') ? at - 1 : at;
  return {
    name,
    file: relative(root, module),
    says: lines[said - 1]?.endsWith('*/') ? before(lines, said) : '',
  };
}

/** The first sentence of the comment that ends above a line. */
function before(lines: readonly string[], at: number): string {
  let begin = at - 1;
  while (!lines[begin]!.includes('/**')) begin -= 1;
  const words = lines
    .slice(begin, at)
    .map((line) =>
      line
        .replace(/^\s*(?:\/\*\*|\*\/|\*)?/, '')
        .replace(/\*\/$/, '')
        .trim(),
    )
    .join(' ')
    .trim();
  const whole = words.replace(/\s@(?:param|throws|returns)\b[\s\S]*$/, '');
  return /^[\s\S]*?[.:](?=\s+[A-Z`(@]|$)/.exec(whole)?.[0].replace(/:$/, '.') ?? whole;
}

/** docs/exports.md. */
export function exportsPage(): string {
  const parts = entries().map(([name, source]) => {
    const all = exportsOf(source).toSorted((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1));
    const rows = all.map((each) => `- \`${each.name}\`: ${each.says}`);
    return `## ${name}\n\n${rows.join('\n')}\n`;
  });
  return `${HEAD}\n${parts.join('\n')}`;
}

const HEAD = `# Everything that the package exports

By entry, with the first sentence of each; arguments, options, errors and types are in the reference
([reference/index.html](reference/index.html); in a checkout \`npm run docs\` makes it). Written by \`npm run docs:exports\`.
`;
