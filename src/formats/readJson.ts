import { FileError } from '../errors.ts';
import { readText } from './regularFile.ts';

/**
 * A JSON file that is one object. The type of its content is not checked.
 * @throws FileError as `readJson`, and where it is something else.
 */
export async function readJsonObject<T extends object>(path: string, fix?: string): Promise<T> {
  const value = await readJson<unknown>(path, fix);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as T;
  const got = value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
  throw new FileError(`${path}: expects one JSON object, got ${got}`, { fix: CHANGED });
}

const CHANGED = 'it was cut or edited: put the original back, or make it again';

/**
 * A JSON file. The type of its content is not checked.
 * @param fix what to do where it is missing. @throws FileError naming the file where it cannot be read or is not JSON.
 */
export async function readJson<T>(path: string, fix?: string): Promise<T> {
  const text = await readText(path, fix);
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new FileError(`${path}: is not JSON: ${(cause as Error).message}`, {
      fix: CHANGED,
      cause,
    });
  }
}
