import { stat } from 'node:fs/promises';
import { ConfigError } from '../errors.ts';

/** Whether two paths lead to one file: also through links, hard ones too. False where one of them is not there. */
async function isSameFile(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all(
    [a, b].map((path) => stat(path, { bigint: true }).catch(() => null)),
  );
  return !!one && !!other && one.dev === other.dev && one.ino === other.ino;
}

/**
 * @param what how the user named it: `--out`, `<out>`.
 * @throws ConfigError where writing to `to` would replace the file that is read, by whatever name.
 */
export async function refuseOnto(what: string, to: string, from: string): Promise<void> {
  if (!(await isSameFile(to, from))) return;
  throw new ConfigError(`${what} ${to} is the input ${from} itself, which would be replaced`, {
    fix: 'choose another name for the output',
  });
}
