import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeImage } from '../../src/data/decode.ts';
import { FileError } from '../../src/errors.ts';
import { isThere, makeFolder } from '../../src/formats/regularFile.ts';
import { sha256Of } from '../../src/formats/sha256.ts';
import { type Photograph, photographOf } from './crops.ts';
import { PHOTOGRAPHS, type PhotographSource } from './photographs.ts';

/** The packages that the photographs lie in. */
export const PACKAGES = [...new Set(PHOTOGRAPHS.map((source) => source.package))];

const placeOf = (folder: string, source: PhotographSource): string =>
  join(folder, source.package, source.path);

/**
 * Downloads the photographs' packages with apt-get and unpacks them into `folder`, each into a folder of its name; nothing
 * is installed. Those whose photographs are there already are passed over. @throws FileError.
 */
export async function fetchPhotographs(folder: string): Promise<void> {
  for (const name of PACKAGES) {
    const own = PHOTOGRAPHS.filter((source) => source.package === name);
    if ((await wrongAmong(folder, own)).length === 0) continue;
    const scratch = await mkdtemp(join(tmpdir(), 'wgad-photographs-'));
    try {
      runIn(scratch, 'apt-get', ['download', name]);
      const [file] = await readdir(scratch);
      await makeFolder(join(folder, name));
      runIn(scratch, 'dpkg', ['-x', join(scratch, file!), join(folder, name)]);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
  refuseWrong(folder, await wrongAmong(folder, PHOTOGRAPHS));
}

/** Reads all photographs from the folder that `fetchPhotographs` filled. @throws FileError listing all that are missing or other ones; ImageError. */
export async function readPhotographs(folder: string): Promise<Photograph[]> {
  refuseWrong(folder, await wrongAmong(folder, PHOTOGRAPHS));
  const photographs: Photograph[] = [];
  for (const source of PHOTOGRAPHS)
    photographs.push(photographOf(await decodeImage(placeOf(folder, source))));
  return photographs;
}

async function wrongAmong(folder: string, sources: readonly PhotographSource[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const source of sources) {
    const path = placeOf(folder, source);
    if (!(await isThere(path))) wrong.push(`${source.package}/${source.path} is missing`);
    else if ((await sha256Of(path)) !== source.sha256) {
      wrong.push(`${source.package}/${source.path} has another checksum`);
    }
  }
  return wrong;
}

function refuseWrong(folder: string, wrong: readonly string[]): void {
  if (wrong.length === 0) return;
  throw new FileError(`${folder}: ${wrong.join('; ')}`, {
    where: folder,
    fix: `npm run distill -- photographs ${folder}, or unpack Debian 12's ${PACKAGES.join(', ')} there, each in a folder of its name`,
  });
}

function runIn(folder: string, command: string, args: readonly string[]): void {
  const { status, error, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
  if (status === 0) return;
  throw new FileError(`${command} ${args.join(' ')} failed: ${(error?.message ?? stderr).trim()}`, {
    cause: error,
    fix: `unpack Debian 12's ${PACKAGES.join(', ')} by other means, each into a folder of its name`,
  });
}
