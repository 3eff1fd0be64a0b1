import { type Markup } from './markup.ts';
import type { ScoreRow } from './scoreRows.ts';
export interface DistributionOptions {
    readonly title: string;
    readonly rows: readonly ScoreRow[];
    readonly scoreOf: (row: ScoreRow) => number;
    /** Calibrated scores have fixed marks: 0 = predicted mean of a normal map, 1 = its predicted maximum. */
    readonly calibrated: boolean;
}
/**
 * The paper's Figure 5: per class and for all together, half-violins with dots of the image scores of normals
 * (left) and anomalies (right), and the one line that is best for all (highest F1 of the pooled scores).
 */
export declare function distributionFigure({ title, rows, scoreOf, calibrated }: DistributionOptions): Markup;
