export { type AnomalyJob, type AnomalyPlan, type AnomalySample, drawAnomaly, planAnomaly } from './sample.ts';
