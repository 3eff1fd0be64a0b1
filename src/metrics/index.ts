export {
  type AlarmThreshold,
  alarmThreshold,
  bootstrapThreshold,
  type Interval,
  lowestRate,
} from './alarmThreshold.ts';
export {
  AUPRO_DEFINITIONS,
  type Aupro,
  type AuproAccumulator,
  type AuproDefinition,
  auproAccumulator,
} from './aupro.ts';
export type { Metric } from './metric.ts';
export { type PixelAccumulator, type PixelMetrics, pixelAccumulator } from './pixelMetrics.ts';
export { auroc, averagePrecision, f1Max, precisionRecallCurve, rocCurve } from './ranking.ts';
export { connectedRegions, type Regions } from './regions.ts';
