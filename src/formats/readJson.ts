import { FileError } from '../errors.ts';
import { readText } from './regularFile.ts';

/**
 * A JSON file. What it holds is the caller's word.
 * @param fix what to do where it is missing. @throws FileError naming the file where it cannot be read or is not JSON.
 */
export async function readJson<T>(path: string, fix?: string): Promise<T> {
  const text = await readText(path, fix);
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new FileError(`${path}: is not JSON: ${(cause as Error).message}`, {
      fix: 'it was cut or edited: put the original back, or make it again',
      cause,
    });
  }
}
