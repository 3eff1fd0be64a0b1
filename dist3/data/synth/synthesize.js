import { mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import sharp from 'sharp';
import { ConfigError, FileError } from '../../errors.js';
import { SYNTH_CLASSES } from './classes.js';
import { synthesizeImage } from './sample.js';
import { DEFECTS } from './scene.js';
/** Enough encodings in flight to keep sharp's threads busy while the next image is drawn. */
const IN_FLIGHT = 8;
/**
 * Writes a multi-class inspection data set in MVTec layout (evaluation.md 1.1): PNG images, masks of 0 and
 * 255. The same options give the same bytes. It is drawn beside `out` and renamed, so it appears whole.
 * @throws ConfigError for options out of range, FileError where `out` is in use or not writable.
 */
export async function synthesize(options) {
    const { train = 40, test = 30, size = 160, seed = 0, onProgress } = options;
    const classes = chooseClasses(options);
    const jobs = classes.flatMap(({ kind, defects }) => listJobs(kind, defects, train, test));
    const out = resolve(options.out);
    await refuseUsed(out);
    const draft = `${out}.${process.pid}.tmp`;
    try {
        await mkdir(draft, { recursive: true });
        await writeAll(jobs, draft, size, seed, onProgress);
        await rmdir(out).catch(() => undefined);
        await mkdir(dirname(out), { recursive: true });
        await rename(draft, out);
    }
    catch (cause) {
        await rm(draft, { recursive: true, force: true });
        throw new FileError(`synthesize: cannot write ${out}: ${cause.message}`, {
            where: out,
            cause,
        });
    }
    return {
        root: out,
        classes: classes.map(({ kind }) => kind.name),
        trainImages: train * classes.length,
        testImages: test * classes.length,
    };
}
async function writeAll(jobs, root, size, seed, onProgress) {
    for (const folder of new Set(jobs.flatMap((job) => [job.image, job.mask ?? job.image]).map(dirname))) {
        await mkdir(join(root, folder), { recursive: true });
    }
    const writing = new Set();
    let done = 0;
    for (const job of jobs) {
        const task = writeJob(job, root, size, seed).then(() => {
            writing.delete(task);
            onProgress?.(++done, jobs.length);
        });
        // Promise.race and all below see the rejection; this keeps it from being reported before they do.
        task.catch(() => undefined);
        writing.add(task);
        if (writing.size >= IN_FLIGHT)
            await Promise.race(writing);
    }
    await Promise.all(writing);
}
async function writeJob(job, root, side, seed) {
    const { rgb, mask } = synthesizeImage(job.kind, job.defect, side, seed, job.stream);
    const png = { compressionLevel: 6, adaptiveFiltering: false, palette: false };
    const image = await sharp(rgb, { raw: { width: side, height: side, channels: 3 } })
        .png(png)
        .toBuffer();
    await writeFile(join(root, job.image), image);
    if (mask === undefined || job.mask === undefined)
        return;
    const grey = sharp(mask, { raw: { width: side, height: side, channels: 1 } }).toColourspace('b-w');
    await writeFile(join(root, job.mask), await grey.png(png).toBuffer());
}
function listJobs(kind, defects, train, test) {
    const place = SYNTH_CLASSES.indexOf(kind);
    const stream = (split, index) => (place * 3 + split) * 2 ** 20 + index;
    const job = (folder, index, split, streamIndex, defect) => {
        const number = String(index).padStart(3, '0');
        return {
            kind,
            defect,
            image: `${kind.name}/${folder}/${number}.png`,
            mask: defect && `${kind.name}/ground_truth/${defect}/${number}_mask.png`,
            stream: stream(split, streamIndex),
        };
    };
    const normal = Math.ceil(test / 2);
    const jobs = [];
    for (let i = 0; i < train; i++)
        jobs.push(job('train/good', i, 0, i));
    for (let i = 0; i < normal; i++)
        jobs.push(job('test/good', i, 1, i));
    for (let i = 0; i < test - normal; i++) {
        const defect = defects[i % defects.length];
        jobs.push(job(`test/${defect}`, Math.floor(i / defects.length), 2, i, defect));
    }
    return jobs;
}
/** The classes asked for, each with the defects asked for that make sense on it; all violations at once. */
function chooseClasses(options) {
    const { classes, train = 40, test = 30, size = 160, seed = 0, defects = DEFECTS } = options;
    const wrong = [];
    const whole = (name, value, low, high) => {
        if (!Number.isInteger(value) || value < low || value > high) {
            wrong.push(`${name} expects an integer in [${low}, ${high}], got ${value}`);
        }
    };
    const unknown = defects.filter((name) => !DEFECTS.includes(name));
    if (unknown.length > 0)
        wrong.push(`unknown defects ${unknown.join(', ')}; known are ${DEFECTS.join(', ')}`);
    if (defects.length === 0)
        wrong.push(`defects expects at least one of ${DEFECTS.join(', ')}`);
    const able = SYNTH_CLASSES.map((kind) => ({
        kind,
        defects: kind.defects.filter((d) => defects.includes(d)),
    })).filter((entry) => entry.defects.length > 0);
    whole('classes', classes ?? able.length, able.length > 0 ? 1 : 0, able.length);
    whole('train', train, 1, 2 ** 20 - 1);
    whole('test', test, 2, 2 ** 20 - 1);
    whole('size', size, 32, 2048);
    whole('seed', seed, 0, Number.MAX_SAFE_INTEGER);
    if (wrong.length > 0)
        throw new ConfigError(`synthesize: ${wrong.join('; ')}`);
    return able.slice(0, classes ?? able.length);
}
async function refuseUsed(out) {
    const entries = await readdir(out).catch((error) => {
        if (error.code === 'ENOENT')
            return [];
        throw new FileError(`synthesize: ${out} cannot be used as a folder: ${error.message}`, {
            where: out,
            cause: error,
        });
    });
    if (entries.length > 0) {
        throw new FileError(`synthesize: ${out} is not empty (${entries.length} entries); nothing was written`, {
            where: out,
            fix: 'Name a new or empty folder.',
        });
    }
}
//# sourceMappingURL=synthesize.js.map