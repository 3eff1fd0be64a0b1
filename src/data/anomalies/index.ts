export { type AnomalyJob, type AnomalySample, drawAnomaly, planAnomaly } from './sample.ts';
