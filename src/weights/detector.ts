/** Checkpoints of RD4AD, ReContrast and UniAD in the names of this package (weights.md section 4). */
import { WeightsError } from '../errors.ts';
import type { StoredTensor } from '../formats/weightsContent.ts';
import { HEADS } from '../methods/alignments/index.ts';
import { encoderOf } from '../methods/detector.ts';
import { detectorIn } from '../methods/detectors.ts';
import { recontrastSpecs } from '../methods/recontrast.ts';
import { revdistSpecs } from '../methods/revdist.ts';
import { UNIAD_DEFAULTS, uniad } from '../methods/uniad.ts';
import { type DetectorCode, detectorCodeOf, ownName } from '../models/detectorNames.ts';
import { prefixOfMark } from '../models/encoderPlace.ts';
import { type DecoderActivation, RESNETS, type ResNetName } from '../models/resnet.ts';
import { misfits, refuseMisfits, shapesOf } from '../nn/fit.ts';
import { modelOf } from '../run/config.ts';
import type { ModelConfig } from '../run/networkLayouts.ts';
import type { RunConfig } from '../run/settings.ts';
import type { Shape } from '../shape.ts';
import { openTensors } from './openTensors.ts';
import { placeNote, type TensorSource } from './tensorSource.ts';

/** Content of a detector's file. */
export interface DetectorContent {
  readonly code: DetectorCode;
  /** Prefix of all names in the file, such as `model.`; mostly empty. */
  readonly prefix: string;
  /** The encoder whose shapes it has, or comes closest to. */
  readonly encoder: ResNetName | 'efficientnet_b4';
  /** Own name to the file's name; unread tensors are left out. */
  readonly names: ReadonlyMap<string, string>;
  /** The file's names of tensors that nothing reads; counters are not mentioned. */
  readonly dead: readonly string[];
  /** All differences from the networks here; empty if it fits. */
  readonly wrong: readonly string[];
}

/**
 * Tensors of a run's file that are not the detector's. (ReContrast's detector keeps the names of its author's
 * checkpoints.)
 */
const ofAlignment = (name: string): boolean =>
  Object.hasOwn(HEADS, name.split('.', 1)[0]!) || name === 'table';

/** Recognises a detector by a file's tensors, or null. Looks at names and shapes only. */
export function detectorContent(tensors: ReadonlyMap<string, StoredTensor>): DetectorContent | null {
  const known = detectorCodeOf(tensors.keys());
  if (!known) return null;
  const { code, prefix } = known;
  const names = new Map<string, string>();
  const dead: string[] = [];
  for (const name of tensors.keys()) {
    const own = name.startsWith(prefix) ? ownName(name.slice(prefix.length), code) : null;
    if (own !== null) names.set(own, name);
    else if (!name.endsWith('num_batches_tracked')) dead.push(name);
  }
  const found = new Map(
    [...names].filter(([own]) => !ofAlignment(own)).map(([own, name]) => [own, tensors.get(name)!]),
  );
  const fits = candidates(code, names.keys()).map(({ encoder, shapes }) => ({
    encoder,
    wrong: misfits(shapes, found),
  }));
  const best = fits.reduce((a, b) => (b.wrong.length < a.wrong.length ? b : a));
  return { code, prefix, names, dead, ...best };
}

interface Candidate {
  readonly encoder: DetectorContent['encoder'];
  readonly shapes: [string, Shape][];
}

/** Possible contents of a code's checkpoint, one for each encoder. */
function candidates(code: DetectorCode, names: Iterable<string>): Candidate[] {
  if (code === 'UniAD') {
    const { encoder, reconstruction } = uniad.parts(
      modelOf({ encoder: 'efficientnet_b4', size: UNIAD_DEFAULTS.size }),
    );
    // The backbone never changes, and may be left out.
    const hasEncoder = [...names].some((name) => name.startsWith('encoder.'));
    const specs = [...reconstruction.specs, ...(hasEncoder ? encoder.specs : [])];
    return [{ encoder: 'efficientnet_b4', shapes: shapesOf(specs) }];
  }
  return (Object.keys(RESNETS) as ResNetName[]).map((encoder) => {
    const config = RESNETS[encoder];
    if (code === 'RD4AD') return { encoder, shapes: shapesOf(revdistSpecs(config).trained) };
    const { encoder: trained, frozen, detector } = recontrastSpecs(config);
    return { encoder, shapes: shapesOf([...trained, ...frozen, ...detector]) };
  });
}

/** A detector that training starts from: the tensors of its trained part, and what they say of its decoder. */
export interface StartingDetector {
  readonly source: TensorSource;
  /** For reverse distillation only. */
  readonly activation?: DecoderActivation;
}

/**
 * A checkpoint of the code that the method names (`Detector.checkpoints`), a file converted from one, or a run's weights.
 * @throws WeightsError listing every tensor that is missing, mis-shaped or unexpected.
 */
export function openDetector(path: string, config: ModelConfig): Promise<StartingDetector> {
  return detectorIn(config).checkpoints === 'UniAD'
    ? openUniad(path, config)
    : openRevdist(path, config.encoder);
}

/** UniAD's transformer. Its backbone, where the file has it, is the run's --weights. */
async function openUniad(path: string, config: ModelConfig): Promise<StartingDetector> {
  const { source } = await openTensors(path, (file) => {
    const prefix = prefixOfMark(file.tensors.keys(), 'reconstruction.') ?? '';
    const names = namedAs(file.tensors.keys(), prefix, 'UniAD', /^reconstruction\./);
    if (names.size === 0) throw new WeightsError(`${path}: holds no UniAD: no tensor under reconstruction.`);
    const found = new Map([...names].map(([own, name]) => [own, file.tensors.get(name)!]));
    refuseMisfits(path, shapesOf(uniad.parts(modelOf(config)).reconstruction.specs), found);
    return { names, notes: placeNote(prefix) };
  });
  return { source };
}

/** Own name to the file's, of the tensors whose own name is `wanted`. */
function namedAs(
  all: Iterable<string>,
  prefix: string,
  code: DetectorCode,
  wanted: RegExp,
): Map<string, string> {
  const names = new Map<string, string>();
  for (const name of all) {
    const own = name.startsWith(prefix) ? ownName(name.slice(prefix.length), code) : null;
    if (own !== null && wanted.test(own)) names.set(own, name);
  }
  return names;
}

/**
 * The bottleneck and decoder of an RD4AD checkpoint, of a file converted from one, or of a run's weights, for
 * `revdistSpecs`' trained part, and the activation that its decoder was trained with.
 * @throws WeightsError listing every tensor that is missing, mis-shaped or unexpected.
 */
export async function openRevdist(
  path: string,
  encoder: RunConfig['encoder'],
): Promise<{ source: TensorSource; activation: DecoderActivation }> {
  const { source, found } = await openTensors(path, (file) => {
    const all = [...file.tensors.keys()];
    const prefix = prefixOfMark(all, 'bn.bn_layer.') ?? prefixOfMark(all, 'bottleneck.bn_layer.') ?? '';
    const names = namedAs(all, prefix, 'RD4AD', /^(bottleneck|decoder)\./);
    if (names.size === 0) {
      throw new WeightsError(`${path}: holds no detector: no tensor under bn. or bottleneck., and decoder.`);
    }
    const found = new Map([...names].map(([own, name]) => [own, file.tensors.get(name)!]));
    const own = encoderOf(modelOf({ encoder, size: 64 }));
    refuseMisfits(path, shapesOf(revdistSpecs(own).trained), found);
    // RD4AD's decoder has ReLU; a file of ours says so where that is not GELU.
    const theirs = [...names.values()].some((name) => name.startsWith(`${prefix}bn.`));
    const activation: DecoderActivation = theirs ? 'relu' : activationSaid(file.metadata);
    return { names, activation, notes: placeNote(prefix) };
  });
  return { source, activation: found.activation };
}

/** What the metadata of a file of ours say about its decoder. */
export const activationSaid = (metadata: ReadonlyMap<string, string>): DecoderActivation =>
  metadata.get('activation') === 'relu' ? 'relu' : 'gelu';
