import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FileError } from '../errors.js';
/**
 * Writes `path` whole or not at all: into a temporary file in the same folder, flushed to disk, then renamed.
 * A reader sees the old file or the new one, also after a crash.
 * @throws FileError; what was at `path` is then untouched.
 */
export async function atomicFile(path, body) {
    const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
    try {
        const file = await open(temporary, 'w');
        try {
            await body(async (data) => void (await file.writeFile(data)));
            await file.sync();
        }
        finally {
            await file.close();
        }
        await rename(temporary, path);
    }
    catch (cause) {
        await rm(temporary, { force: true });
        if (cause instanceof FileError || !isSystemError(cause))
            throw cause;
        throw new FileError(`${path}: could not be written: ${cause.message}`, { cause });
    }
    await syncFolder(dirname(path));
}
export const writeFileAtomic = (path, data) => atomicFile(path, (write) => write(data));
/** Removes what a killed process left behind in `folder`. */
export async function removeStaleTemps(folder) {
    for (const name of await readdir(folder)) {
        const owner = /^\..*\.(\d+)\.tmp$/.exec(name)?.[1];
        if (owner && !isRunning(Number(owner)))
            await rm(join(folder, name), { force: true });
    }
}
function isRunning(pid) {
    try {
        process.kill(pid, 0);
        return pid !== process.pid;
    }
    catch (error) {
        return error.code === 'EPERM';
    }
}
const isSystemError = (error) => error instanceof Error && 'syscall' in error;
/** Makes the rename itself durable; some systems cannot open folders, and then it is best effort. */
async function syncFolder(folder) {
    const handle = await open(folder, 'r').catch(() => null);
    await handle?.sync().catch(() => { });
    await handle?.close();
}
//# sourceMappingURL=atomicFile.js.map