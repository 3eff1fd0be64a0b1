import { readFile } from 'node:fs/promises';
import { ImageLoader, loadMask, scanDataset } from '../data/index.js';
import { FileError } from '../errors.js';
import { atomicFile, writeFileAtomic } from '../formats/atomicFile.js';
import { csvLine } from '../formats/csv.js';
import { floorActs } from '../methods/cada.js';
import { auroc, averagePrecision, pixelAccumulator, } from '../metrics/index.js';
import { readRunConfig, runFiles } from './runFolder.js';
import { openScorer } from './scorer.js';
/** One threshold for all classes together, or one for each. */
export const PROTOCOLS = ['model-unified', 'absolute-unified'];
/** Scores every test image under every alignment of the run; writes results.json and scores.csv. */
export async function testRun(options) {
    const config = await readRunConfig(options.run);
    const dataset = await scanDataset(options.data ?? config.data);
    const scorer = await openScorer(options.run, config, { adapter: options.adapter });
    const loader = new ImageLoader({ size: config.size });
    try {
        const tally = newTally(scorer.alignments, dataset.classes);
        const rows = [];
        const floored = {};
        const scale = mapScale(scorer.alignments, dataset.test.length);
        for (let first = 0; first < dataset.test.length; first += config.batch) {
            options.signal?.throwIfAborted();
            const samples = dataset.test.slice(first, first + config.batch);
            loader.prefetch(dataset.test.slice(first + config.batch, first + 2 * config.batch).map((sample) => sample.path));
            const started = performance.now();
            const scored = await scorer.score(await loader.loadBatch(samples.map((sample) => sample.path)), samples.map((sample) => dataset.classes.indexOf(sample.className)));
            const ms = (performance.now() - started) / samples.length;
            for (const [i, sample] of samples.entries()) {
                const image = scored[i];
                const mask = sample.maskPath
                    ? await loadMask(sample.maskPath, config.size, 'any', sample.path)
                    : null;
                const empty = mask ?? new Uint8Array(config.size ** 2);
                for (const [alignment, map] of image.maps) {
                    tally.add(alignment, sample.className, map, empty);
                    scale.add(alignment, map);
                }
                for (const [alignment, [u, gamma]] of image.statistics) {
                    floored[alignment] = (floored[alignment] ?? 0) + (floorActs(u, gamma) ? 1 : 0);
                }
                rows.push({ sample, scores: image.scores, statistics: image.statistics.get('cada') ?? null, ms });
            }
            options.onProgress?.(Math.min(first + config.batch, dataset.test.length), dataset.test.length);
        }
        const timing = await scorer.latency(firstAligned(scorer.alignments));
        const results = {
            version: config.version,
            adapter: scorer.adapter,
            config,
            protocols: protocolsOf(scorer.alignments, dataset.classes, rows, tally),
            latency: { ...timing, batch: config.batch },
            mapScale: scale.scales,
            floored,
        };
        await writeFileAtomic(runFiles(options.run).results, `${JSON.stringify(results, null, 2)}\n`);
        await writeScores(runFiles(options.run).scores, rows, scorer.alignments);
        return results;
    }
    finally {
        await loader.close();
        scorer.close();
    }
}
/** One accumulator per alignment for the pooled protocol and one per class. */
function newTally(alignments, classes) {
    const all = new Map();
    for (const alignment of alignments) {
        for (const name of ['', ...classes])
            all.set(`${alignment}/${name}`, pixelAccumulator());
    }
    return {
        add(alignment, className, map, mask) {
            all.get(`${alignment}/`).add(map, mask);
            all.get(`${alignment}/${className}`).add(map, mask);
        },
        pixels: (alignment, className) => all.get(`${alignment}/${className ?? ''}`).finish(),
    };
}
function protocolsOf(alignments, classes, rows, tally) {
    const protocols = { 'absolute-unified': {}, 'model-unified': {} };
    for (const alignment of alignments) {
        protocols['absolute-unified'][alignment] = metricsOf(alignment, rows, tally, null);
        const each = Object.fromEntries(classes.map((name) => [
            name,
            metricsOf(alignment, rows.filter((row) => row.sample.className === name), tally, name),
        ]));
        protocols['model-unified'][alignment] = { mean: meanOf(Object.values(each)), classes: each };
    }
    return protocols;
}
function metricsOf(alignment, rows, tally, className) {
    const scores = rows.map((row) => row.scores.get(alignment));
    const labels = rows.map((row) => row.sample.anomalous);
    const pixels = tally.pixels(alignment, className);
    const found = {
        iAuroc: auroc(scores, labels),
        iAp: averagePrecision(scores, labels),
        pAuroc: pixels.auroc,
        pAp: pixels.ap,
    };
    const reasons = Object.fromEntries(Object.entries(found).flatMap(([name, { reason }]) => (reason ? [[name, reason]] : [])));
    const [iAuroc, iAp, pAuroc, pAp] = ['iAuroc', 'iAp', 'pAuroc', 'pAp'].map((name) => found[name].value);
    return { iAuroc, iAp, pAuroc, pAp, ...(Object.keys(reasons).length > 0 ? { reasons } : {}) };
}
/** The unweighted mean over classes; classes without a value are left out of it. */
function meanOf(all) {
    const mean = (name) => {
        const values = all.flatMap((metrics) => (metrics[name] === null ? [] : [metrics[name]]));
        return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    return { iAuroc: mean('iAuroc'), iAp: mean('iAp'), pAuroc: mean('pAuroc'), pAp: mean('pAp') };
}
async function writeScores(path, rows, alignments) {
    const aligned = firstAligned(alignments);
    await atomicFile(path, async (write) => {
        await write(csvLine(['path', 'class', 'label', 'score', 'calibrated', 'u_hat', 'gamma_hat', 'ms']));
        for (const { sample, scores, statistics, ms } of rows) {
            await write(csvLine([
                sample.id,
                sample.className,
                sample.anomalous ? 1 : 0,
                scores.get('none') ?? null,
                scores.get(aligned) ?? null,
                statistics?.[0] ?? null,
                statistics?.[1] ?? null,
                Number(ms.toFixed(3)),
            ]));
        }
    });
}
/** Whose scores the `calibrated` column of scores.csv holds. */
export const firstAligned = (alignments) => alignments.find((each) => each !== 'none') ?? 'none';
function mapScale(alignments, images) {
    const scales = {};
    for (const alignment of alignments)
        scales[alignment] = { low: 0, high: 0 };
    return {
        scales,
        add(alignment, map) {
            let sum = 0;
            let highest = Number.NEGATIVE_INFINITY;
            for (const value of map) {
                sum += value;
                if (value > highest)
                    highest = value;
            }
            const scale = scales[alignment];
            scale.low += sum / map.length / images;
            scale.high += highest / images;
        },
    };
}
/** What `testRun` wrote. @throws FileError where the run was not tested yet. */
export async function readResults(run) {
    const path = runFiles(run).results;
    const text = await readFile(path, 'utf8').catch((cause) => {
        throw new FileError(`${path}: could not be read: ${cause.message}`, {
            fix: 'run `wgad test` on this run first',
            cause,
        });
    });
    return JSON.parse(text);
}
//# sourceMappingURL=testRun.js.map