export { pixelAccumulator } from './pixelMetrics.js';
export { auroc, averagePrecision, f1Max, precisionRecallCurve, rocCurve } from './ranking.js';
//# sourceMappingURL=index.js.map