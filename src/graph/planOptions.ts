import type { TunedChoices } from '../kernels/gemm/choices.ts';
import { DEVICE_FACTS, type DeviceFacts } from '../kernels/kernel.ts';
import { type OptionNames, requireOptions } from '../options.ts';
import type { Graph } from './graph.ts';

/** How a graph becomes a plan. */
export interface PlanOptions {
  readonly label?: string;
  /** Default true; false keeps one dispatch per op, to compare against. */
  readonly fuse?: boolean;
  /** Of one buffer: intermediate values are spread over more of them where they would exceed it. Default: no limit. */
  readonly maxBufferBytes?: number;
  /** Measured choices of how products are computed; default none, and the rule chooses. */
  readonly tuned?: TunedChoices;
}

const PLAN_OPTIONS: OptionNames<PlanOptions> = {
  label: true,
  fuse: true,
  maxBufferBytes: true,
  tuned: true,
};
const GRAPH: OptionNames<Graph> = { outputs: true, effects: true };

/** @throws ConfigError for a name that what is planned, where, or how does not have. */
export function requirePlanned(graph: Graph, device: DeviceFacts, options: PlanOptions): void {
  requireOptions('buildPlan: graph', graph, GRAPH);
  requireOptions('buildPlan: device', device, DEVICE_FACTS);
  requireOptions('buildPlan', options, PLAN_OPTIONS);
}
