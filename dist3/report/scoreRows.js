import { readFile } from 'node:fs/promises';
import { FileError } from '../errors.js';
import { parseCsv } from '../formats/csv.js';
const COLUMNS = ['path', 'class', 'label', 'score', 'calibrated'];
/** @throws FileError where the file is missing or lacks a column. */
export async function readScoreRows(path) {
    const text = await readFile(path, 'utf8').catch((cause) => {
        throw new FileError(`${path}: could not be read: ${cause.message}`, {
            fix: 'run `wgad test` on this run first',
            cause,
        });
    });
    const [header = [], ...rows] = parseCsv(text);
    const at = Object.fromEntries(COLUMNS.map((name) => [name, header.indexOf(name)]));
    const missing = COLUMNS.filter((name) => at[name] === -1);
    if (missing.length > 0) {
        throw new FileError(`${path}: has no column ${missing.join(', ')}`, {
            fix: 'run `wgad test` on this run again',
        });
    }
    return rows.map((row) => {
        const cell = (name) => row[at[name]];
        return {
            path: cell('path'),
            className: cell('class'),
            anomalous: cell('label') === '1',
            raw: Number(cell('score')),
            calibrated: Number(cell('calibrated')),
        };
    });
}
//# sourceMappingURL=scoreRows.js.map