import { grad } from '../autograd/reverse.js';
import { argmax } from '../graph/ops/reduce.js';
import { gather } from '../graph/ops/select.js';
import { input } from '../graph/value.js';
import { CADA_DEFAULTS, classifierLoss, head, headSpecs, mapStatistics, regressorLoss, scoreMap, } from '../methods/cada.js';
import { anomalyMap, encode, REVDIST_DEFAULTS, rebuild, revdistLoss, revdistSpecs, } from '../methods/revdist.js';
import { featureChannels } from '../models/resnet.js';
import { AUTHOR_BLUR, SCIPY_BLUR } from '../nn/blur.js';
import { optimiserStep } from '../nn/optimiser.js';
import { bindNetwork, networkLayout } from '../nn/trainable.js';
import { encoderConfig } from './config.js';
/** Shape of the bottleneck feature that the heads read. */
export function featureShape({ encoder, size, }) {
    const { base, expansion } = encoderConfig(encoder);
    return [8 * base * expansion, size / 32, size / 32];
}
export function revdistLayouts(config, classes) {
    const { frozen, trained } = revdistSpecs(encoderConfig(config.encoder));
    const feature = featureShape(config);
    return {
        encoder: networkLayout('encoder', frozen),
        detector: networkLayout('detector', trained),
        regressor: networkLayout('regressor', headSpecs('regressor', feature, 2)),
        classifier: networkLayout('classifier', headSpecs('classifier', feature, Math.max(2, classes))),
    };
}
const images = (config) => input('images', [config.batch, 3, config.size, config.size]);
/** The encoder's features of one image, finest first. */
export function tapShapes({ encoder, size, }) {
    const [c1, c2, c3] = featureChannels(encoderConfig(encoder));
    return [
        [c1, size / 4, size / 4],
        [c2, size / 8, size / 8],
        [c3, size / 16, size / 16],
    ];
}
/** Their names as outputs of `tapsPlan` and inputs of the plans that start at them. */
export const TAP_NAMES = ['tap1', 'tap2', 'tap3'];
/** Images to the encoder's features: outputs tap1, tap2, tap3. */
export function tapsPlan(config, layouts) {
    const taps = encoderFeatures(config, layouts, 'images');
    return { outputs: new Map(TAP_NAMES.map((name, i) => [name, taps[i]])), effects: [] };
}
function encoderFeatures(config, layouts, source) {
    if (source === 'taps') {
        const [first, second, third] = tapShapes(config);
        const tap = (name, shape) => input(name, [config.batch, ...shape]);
        return [tap('tap1', first), tap('tap2', second), tap('tap3', third)];
    }
    const encoder = bindNetwork(layouts.encoder, { training: false });
    return encode(encoder.layers, images(config), encoderConfig(config.encoder));
}
/** One training step of bottleneck and decoder: forward, backward, update, statistics. Output: loss. */
export function detectorStep(config, layouts, optimiser = REVDIST_DEFAULTS.optimiser, source = 'images') {
    const resnet = encoderConfig(config.encoder);
    const detector = bindNetwork(layouts.detector, { training: true });
    const features = encoderFeatures(config, layouts, source);
    const { rebuilt } = rebuild(detector.layers, features, resnet);
    const loss = revdistLoss(features, rebuilt);
    const gradients = grad(loss, detector.trained);
    return {
        outputs: new Map([['loss', loss]]),
        effects: [optimiserStep(detector, gradients, optimiser), ...detector.statisticsUpdate()],
    };
}
/** What the heads learn from, for one batch: the feature and the un-smoothed map's mean and maximum. */
export function collectPlan(config, layouts, source = 'images') {
    const { embedding, map } = detect(config, layouts, source);
    const { u, gamma } = mapStatistics(map);
    return {
        outputs: new Map([
            ['embedding', embedding],
            ['u', u],
            ['gamma', gamma],
        ]),
        effects: [],
    };
}
function detect(config, layouts, source) {
    const resnet = encoderConfig(config.encoder);
    const detector = bindNetwork(layouts.detector, { training: false });
    const features = encoderFeatures(config, layouts, source);
    const { embedding, rebuilt } = rebuild(detector.layers, features, resnet);
    return { embedding, map: anomalyMap(features, rebuilt, config.size) };
}
/** One training step of a head on cached features. Inputs: feature, targets (or labels), key. Output: loss. */
export function headStep(config, layouts, which, classes) {
    const batch = CADA_DEFAULTS.batch;
    const network = bindNetwork(layouts[which], { training: true, key: input('key', [4], 'u32') });
    const feature = input('feature', [batch, ...featureShape(config)]);
    const outputs = which === 'regressor' ? 2 : Math.max(2, classes);
    const predicted = head(network.layers, which, feature, outputs);
    const loss = which === 'regressor'
        ? regressorLoss(predicted, input('targets', [batch, 2]), REVDIST_DEFAULTS.alignAlpha)
        : classifierLoss(predicted, input('labels', [batch], 'i32'));
    const gradients = grad(loss, network.trained);
    return {
        outputs: new Map([['loss', loss]]),
        effects: [optimiserStep(network, gradients, CADA_DEFAULTS.optimiser), ...network.statisticsUpdate()],
    };
}
/**
 * Images to maps and scores, under every alignment of the run at once: network, map, calibration, smoothing and
 * scores in one plan. Inputs: images; labels (i32 [N]) and table [k, 2] where an alignment reads classes.
 * Outputs: u, gamma of each map; `map.A` [N, H, W] and `score.A` [N] per alignment; `statistics.A` [N, 2].
 */
export function scorePlan(config, layouts, alignments, classes, wanted = { maps: true }) {
    const { embedding, map } = detect(config, layouts, 'images');
    const { u, gamma } = mapStatistics(map);
    const blur = config.smoothing === 'scipy' ? SCIPY_BLUR : AUTHOR_BLUR;
    const outputs = new Map([
        ['u', u],
        ['gamma', gamma],
    ]);
    for (const alignment of alignments) {
        const statistics = statisticsFor(alignment, embedding, layouts, classes, config.batch);
        const scored = scoreMap(map, statistics, blur, config.scoreFraction);
        outputs.set(`score.${alignment}`, scored.score);
        if (wanted.maps)
            outputs.set(`map.${alignment}`, scored.map);
        if (statistics)
            outputs.set(`statistics.${alignment}`, statistics);
    }
    return { outputs, effects: [] };
}
/** u and gamma [N, 2] as each alignment knows them; null for none. */
function statisticsFor(alignment, embedding, layouts, classes, batch) {
    const table = () => input('table', [classes, 2]);
    switch (alignment) {
        case 'none':
            return null;
        case 'cada':
            return head(bindNetwork(layouts.regressor, { training: false }).layers, 'regressor', embedding, 2);
        case 'class':
            return gather(table(), input('labels', [batch], 'i32'));
        case 'classifier': {
            const network = bindNetwork(layouts.classifier, { training: false });
            const logits = head(network.layers, 'classifier', embedding, Math.max(2, classes));
            return gather(table(), argmax(logits, 1));
        }
    }
}
//# sourceMappingURL=revdistPlans.js.map