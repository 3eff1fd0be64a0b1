import { readFile } from 'node:fs/promises';
import { FileError } from '../errors.js';
import { writeFileAtomic } from '../formats/atomicFile.js';
export async function writeRecords(path, records) {
    await writeFileAtomic(path, `${JSON.stringify(records, null, 2)}\n`);
}
export async function readRecords(path) {
    const text = await readFile(path, 'utf8').catch((cause) => {
        throw new FileError(`${path}: could not be read: ${cause.message}`, { cause });
    });
    return JSON.parse(text);
}
/** Cases that both files have, by suite, name and shape. */
export function compareRecords(before, now) {
    const keyOf = ({ suite, name, shape }) => `${suite} ${name} ${shape}`;
    const known = new Map(before.map((record) => [keyOf(record), record]));
    return now.flatMap((record) => {
        const old = known.get(keyOf(record));
        if (!old)
            return [];
        const spread = ({ p10Ms, p90Ms, medianMs }) => (p90Ms - p10Ms) / medianMs;
        const ratio = old.medianMs / record.medianMs;
        const band = Math.max(0.03, spread(old), spread(record));
        return [{ name: keyOf(record), ratio, band, slower: ratio < 1 - band }];
    });
}
export function formatRecords(records) {
    const rows = [
        ['case', 'shape', 'median ms', 'p10', 'p90', 'GFLOP/s', 'GB/s'],
        ...records.map((record) => [
            `${record.suite} ${record.name}`,
            record.shape,
            record.medianMs.toFixed(3),
            record.p10Ms.toFixed(3),
            record.p90Ms.toFixed(3),
            record.gflops?.toFixed(2) ?? '',
            record.gbs?.toFixed(2) ?? '',
        ]),
    ];
    const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
    return rows
        .map((row) => row
        .map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
        .join('  ')
        .trimEnd())
        .join('\n');
}
//# sourceMappingURL=record.js.map