import { basename } from 'node:path';
import { WeightsError } from '../errors.ts';
import { encoderPlace, nameInEncoder } from '../models/encoderPlace.ts';
import type { PublishedNames } from '../models/encoders/family.ts';
import { familyOf, type PretrainedName, pretrained } from '../models/encoders/index.ts';
import type { StateDict } from '../nn/init.ts';
import { publishedAs } from '../published/table.ts';
import { weightsPath } from './embedded.ts';
import { openTensors, placeNote, prefixed, readAll, type TensorSource } from './tensorSource.ts';

/** Tensors of a trained run's file beside the encoder. */
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

/** Where the encoder was found, unless at top level or under the expected name. */
function encoderNote(names: Iterable<string>, wanted: string): string[] {
  const place = encoderPlace(names);
  if (!place || place.prefix === `${wanted}.`) return [];
  return placeNote(place.prefix, place.others);
}

/**
 * The encoder's tensors of a file, by their names under `prefix.`: those under whatever prefix its first layers have;
 * without a prefix, or if no first layer is found, all tensors that are not a detector's.
 */
export function encoderTensors<T>(
  tensors: ReadonlyMap<string, T>,
  prefix: string,
): Map<string, T & { readonly name: string }> {
  const place = encoderPlace(tensors.keys());
  const isBare = (place?.prefix ?? '') === '';
  return new Map(
    [...tensors].flatMap(([name, tensor]) => {
      const own = nameInEncoder(place, name);
      if (own === null || UNUSED.test(name) || (isBare && DETECTOR.test(name))) return [];
      return [[`${prefix}.${own}`, { ...tensor, name }] as const];
    }),
  );
}

/** The tensors of a pre-trained encoder as `encoder.*`, and which member of its family they are for. */
export interface OpenEncoder {
  readonly source: TensorSource;
  readonly encoder: PretrainedName;
}

/**
 * The encoder of that name in a file under any of its publishers' names. @param whole as of `openEncoderWeights`, where
 * the family is in files under the names used here.
 * @throws WeightsError, FileError.
 */
export async function openPretrained(
  encoder: PretrainedName,
  weights: string,
  whole = false,
): Promise<OpenEncoder> {
  const path = weightsPath(encoder, weights);
  const { published, members } = familyOf(pretrained(encoder));
  if (!published) return { source: await openEncoderWeights(path, 'encoder', whole), encoder };
  const { source, config } = await openPublished(published, path);
  const [found] = Object.entries(members).find(([, member]) => member === config)!;
  return { source: prefixed(source, 'encoder'), encoder: found as PretrainedName };
}

/**
 * What detectors read of an encoder, under the names used here, and the arithmetic it was trained for.
 * @throws WeightsError, also where the file does not tell which lineage it is.
 */
async function openPublished<Config>(
  published: PublishedNames<Config, string>,
  path: string,
): Promise<{ source: TensorSource; config: Config }> {
  const { source, found } = await openTensors(path, (file) => {
    const place = encoderPlace(file.tensors.keys());
    const { prefix, others } = place ?? { prefix: '', others: [] };
    const own = [...file.tensors.keys()].flatMap((name) => {
      const inner = nameInEncoder(place, name);
      return inner === null ? [] : [{ name, inner }];
    });
    const publisher = published.publisherOf(own.map(({ inner }) => inner));
    if (publisher === null) {
      throw new WeightsError(`${path}: holds ${published.lacking}`, {
        fix: 'choose the --encoder that the file belongs to',
      });
    }
    const config = published.lineageOf(publisher, saidBy(path, file.metadata));
    if (!config) {
      const { message, fix } = published.unsaid;
      throw new WeightsError(`${path}: ${message}`, { fix });
    }
    const names = new Map<string, string>();
    for (const { name, inner } of own) {
      const known = published.ownName(inner, publisher);
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
