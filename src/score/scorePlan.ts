import { ConfigError } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import { gather } from '../graph/ops/select.ts';
import { storeHalf } from '../graph/passes/storeHalf.ts';
import { input, scope, type Value } from '../graph/value.ts';
import { ALIGNMENT_RECORDS, type Alignment } from '../methods/alignments/index.ts';
import { head, onSharedScale, type ScoreRule, scoreMap } from '../methods/cada.ts';
import { detectorIn } from '../methods/detectors.ts';
import { bindNetwork } from '../nn/trainable.ts';
import { scoreRuleIn } from '../run/config.ts';
import { detect, type MapConfig, type Sizes, statisticsOf } from '../run/detectorParts.ts';
import { headOptions, type ModelConfig, outline, type RunLayouts } from '../run/networkLayouts.ts';
import type { RunConfig } from '../run/settings.ts';

/**
 * Images to maps and scores, under every alignment of the run at once: network, map, calibration, smoothing and scores
 * in one plan. Inputs: images; labels (i32 [N]) and table [k, 2] where an alignment reads classes, or `pixelScale` is shared. `precision` f16:
 * weights as `runLayouts` stores them for it, activations likewise, the maps and all that follows f32. Outputs: u,
 * gamma of each calibrated map; `map.A` [N, H, W] and `score.A` [N] per alignment; `statistics.A` [N, 2].
 */
export function scorePlan(
  config: MapConfig & Pick<RunConfig, 'smoothing' | 'scoreFraction' | 'precision' | 'pixelScale'>,
  layouts: RunLayouts,
  alignments: readonly Alignment[],
  classes: number,
  wanted: { maps: boolean } = { maps: true },
): Graph {
  const traced = detect(config, layouts, 'images');
  const { embedding } = traced;
  const map = scope('map', () => traced.map());
  const { u, gamma } = scope('statistics', () => statisticsOf(map, config));
  const outputs = new Map<string, Value>([
    ['u', u],
    ['gamma', gamma],
  ]);
  for (const alignment of alignments) {
    const statistics = statisticsFor(alignment, embedding, config, layouts, classes);
    const scored = scope('score', () => scoreMap({ ...traced, map }, statistics, scoreRuleIn(config)));
    outputs.set(`score.${alignment}`, scored.score);
    if (wanted.maps) {
      const shared = statistics && config.pixelScale === 'shared';
      outputs.set(
        `map.${alignment}`,
        shared ? scope('score', () => onSharedScale(scored.map, statistics, tableOf(classes))) : scored.map,
      );
    }
    if (statistics) outputs.set(`statistics.${alignment}`, statistics);
  }
  const graph = { outputs, effects: [] };
  return config.precision === 'f16' ? storeHalf(graph, [map]) : graph;
}

/** How a tile becomes a calibrated map, and how the whole map of an image, blended of those, becomes its score. */
export function tiledRules({ smoothing, calibration, scoreFraction }: ScoreRule): {
  tile: ScoreRule;
  whole: ScoreRule;
} {
  const first = calibration === 'after';
  return {
    tile: { smoothing: first ? smoothing : 'none', calibration, scoreFraction },
    whole: { smoothing: first ? 'none' : smoothing, scoreFraction },
  };
}

/** A blended map of calibrated tiles, the input map [1, 1, S, S], to outputs map [1, S, S] and score [1]. */
export function wholePlan(config: ModelConfig & ScoreRule): Graph {
  const map = input('map', [1, 1, config.size, config.size]);
  const { whole } = tiledRules(config);
  // The own score of such a method is not taken from here.
  const highest = detectorIn(config).scoreOfTiles === 'highest' && whole.scoreFraction === null;
  const scored = scoreMap(
    { map, score: outline(config).score },
    null,
    highest ? { ...whole, scoreFraction: 0 } : whole,
  );
  return { outputs: new Map(Object.entries(scored)), effects: [] };
}

/** Average u and level of each class. */
const tableOf = (classes: number): Value => input('table', [classes, 2]);

/** u and gamma [N, 2] that an alignment uses; null for `none`. */
function statisticsFor(
  alignment: Alignment,
  embedding: Value,
  config: Sizes,
  layouts: RunLayouts,
  classes: number,
): Value | null {
  const { head: own, statistics } = ALIGNMENT_RECORDS[alignment];
  return statistics({
    predicted() {
      if (!own) throw new ConfigError(`${alignment} has no head to predict with`);
      const { layers } = bindNetwork(layouts.heads[own.name], { training: false });
      return head(layers, own.name, embedding, own.outputs(classes), headOptions(config));
    },
    labels: () => input('labels', [config.batch], 'i32'),
    ofClass: (labels) => scope('table', () => gather(tableOf(classes), labels)),
    classes,
  });
}
