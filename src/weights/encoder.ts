import { basename } from 'node:path';
import { WeightsError } from '../errors.ts';
import type { EfficientNetConfig } from '../models/efficientnet.ts';
import { lineageOf, namingOf, torchvisionName } from '../models/efficientnetNames.ts';
import { encoderPlace } from '../models/encoderPlace.ts';
import type { StateDict } from '../nn/init.ts';
import { publishedAs } from '../published/table.ts';
import { openTensors, placeNote, readAll, type TensorSource } from './tensorSource.ts';

/** What a trained run's file holds beside the encoder, under names of its own. */
const DETECTOR = /^(bottleneck|decoder)\./;

/** The classifier, the stage before it, and batch norms' counters. */
const UNUSED = /(^|\.)(fc|layer4)\.|num_batches_tracked$/;

/**
 * The tensors of a safetensors or PyTorch file under `prefix.`, in torchvision's names. `whole` takes a detector's own
 * tensors (`bottleneck.`, `decoder.`) too, under their own names. What no detector needs is left out: `layer4`, `fc` and counters.
 * @throws WeightsError, FileError.
 */
export async function openEncoderWeights(path: string, prefix: string, whole = false): Promise<TensorSource> {
  const { source } = await openTensors(path, (file) => {
    const names = new Map([...encoderTensors(file.tensors, prefix)].map(([own, { name }]) => [own, name]));
    for (const name of file.tensors.keys()) if (whole && DETECTOR.test(name)) names.set(name, name);
    if (names.size === 0) throw new WeightsError(`${file.path}: holds no tensor of an encoder`);
    return { names, notes: encoderNote(file.tensors.keys(), prefix) };
  });
  return source;
}

/** All of them in memory. @throws also NotFiniteError naming the tensor that holds NaN or infinity. */
export const loadWeights = async (path: string, prefix: string): Promise<StateDict> =>
  readAll(await openEncoderWeights(path, prefix));

/** Where the encoder lies, unless at the top or under the name that is wanted. */
function encoderNote(names: Iterable<string>, wanted: string): string[] {
  const place = encoderPlace(names);
  if (!place || place.prefix === `${wanted}.`) return [];
  return placeNote(place.prefix, place.others);
}

/**
 * Which tensors of a file are its encoder's, by their names under `prefix.`: those under the prefix where its first
 * layers are, whatever it is called; where they are at no prefix, or nowhere, all that no detector has.
 */
export function encoderTensors<T>(
  tensors: ReadonlyMap<string, T>,
  prefix: string,
): Map<string, T & { readonly name: string }> {
  const { prefix: found } = encoderPlace(tensors.keys()) ?? { prefix: '' };
  const own = [...tensors].filter(
    ([name]) => name.startsWith(found) && !UNUSED.test(name) && (found !== '' || !DETECTOR.test(name)),
  );
  return new Map(own.map(([name, tensor]) => [`${prefix}.${name.slice(found.length)}`, { ...tensor, name }]));
}

/**
 * EfficientNet-B4 up to stage 4 under torchvision's names, from a file in torchvision's, timm's or
 * EfficientNet-PyTorch's, and the arithmetic it was trained for.
 * @throws WeightsError, also where a timm file does not say which of the two lineages it is.
 */
export async function openEfficientnet(
  path: string,
): Promise<{ source: TensorSource; config: EfficientNetConfig }> {
  const { source, found } = await openTensors(path, (file) => {
    const { prefix, others } = encoderPlace(file.tensors.keys()) ?? { prefix: '', others: [] };
    const own = [...file.tensors.keys()].filter((name) => name.startsWith(prefix));
    const inner = (name: string): string => name.slice(prefix.length);
    const naming = namingOf(own.map(inner));
    if (!naming) {
      throw new WeightsError(`${path}: holds no EfficientNet: no tensor features.0.0.weight`, {
        fix: 'choose the --encoder that the file belongs to',
      });
    }
    const config = lineageOf(naming, saidBy(path, file.metadata));
    if (!config) {
      throw new WeightsError(`${path}: does not say whether it is efficientnet_b4 or tf_efficientnet_b4`, {
        fix: 'wgad weights convert it with --padding symmetric (efficientnet_b4) or same (tf_efficientnet_b4)',
      });
    }
    const names = new Map<string, string>();
    for (const name of own) {
      const known = torchvisionName(inner(name), naming);
      if (known !== null) names.set(known, name);
    }
    // Runs and UniAD's checkpoints have it there.
    const usual = prefix === 'encoder.' || prefix === 'backbone.';
    return { names, config, notes: placeNote(usual ? '' : prefix, others) };
  });
  return { source, config: found.config };
}

/** A file's metadata, and what its published name says beside them. */
function saidBy(path: string, metadata: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const { padding } = publishedAs(basename(path)) ?? {};
  return padding === undefined ? metadata : new Map([['padding', padding], ...metadata]);
}
