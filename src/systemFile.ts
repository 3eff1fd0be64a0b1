/** Content of a system file, or undefined if it does not exist. */
export type ReadSystemFile = (path: string) => string | undefined;

/** Node's own module, without an import that browsers would have to resolve. */
export const builtin = <T>(name: string): T | undefined =>
  (globalThis as { process?: NodeJS.Process }).process?.getBuiltinModule?.(name) as T | undefined;

export function readSystemFile(path: string): string | undefined {
  try {
    return builtin<typeof import('node:fs')>('node:fs')?.readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** The bytes that a line `name: n kB` of Linux's files tells of. */
export function kibibytes(text: string | undefined, name: string): number | undefined {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text ?? '');
  return found ? Number(found[1]) * 1024 : undefined;
}
