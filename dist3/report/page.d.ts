import type { Results } from '../train/testRun.ts';
import { Markup } from './markup.ts';
import type { ScoreRow } from './scoreRows.ts';
export interface PageSource {
    readonly title: string;
    readonly results: Results;
    readonly rows: readonly ScoreRow[];
    /** The alignment whose scores the `calibrated` column holds; `none` where there is none. */
    readonly aligned: string;
    /** Finished figures: the grid of examples, false alarms, misses. */
    readonly galleries: readonly Markup[];
}
/** The whole report as one file without scripts or anything to load. */
export declare function page({ title, results, rows, aligned, galleries }: PageSource): string;
