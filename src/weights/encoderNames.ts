/** Where an open file has an encoder's tensors, under any of its publishers' names. */
import { WeightsError } from '../errors.ts';
import type { WeightsFile } from '../formats/weightsBytes.ts';
import { encoderPlace, nameInEncoder } from '../models/encoderPlace.ts';
import {
  familyOf,
  generalName,
  PRETRAINED_NAMES,
  type PretrainedName,
  pretrained,
} from '../models/encoders/index.ts';
import { lineagesOf } from '../models/encoders/lineages.ts';
import { publishedAs } from '../published/table.ts';
import { placeNote } from './tensorSource.ts';

/** Tensors of a trained run's file beside the encoder. */
const DETECTOR = /^(bottleneck|decoder)\./;

/** The classifier, the stage before it, and batch norms' counters. */
const UNUSED = /(^|\.)(fc|layer4)\.|num_batches_tracked$/;

/** Own names to the file's, and where they were found. */
interface FoundNames {
  readonly names: ReadonlyMap<string, string>;
  readonly notes: readonly string[];
}

/** As `openEncoderWeights`, of an open file. @throws WeightsError where it holds none. */
export function encoderNames(file: WeightsFile, prefix: string, whole: boolean): FoundNames {
  const names = new Map([...encoderTensors(file.tensors, prefix)].map(([own, { name }]) => [own, name]));
  for (const name of file.tensors.keys()) if (whole && DETECTOR.test(name)) names.set(name, name);
  if (names.size === 0) throw new WeightsError(`${file.path}: holds no tensor of an encoder`);
  return { names, notes: encoderNote(file.tensors.keys(), prefix) };
}

/**
 * As `openPretrained`, of an open file, with the member of the encoder's family that it is for.
 * @throws WeightsError, also where the file does not tell which lineage it is.
 */
export function pretrainedNames(
  file: WeightsFile,
  encoder: PretrainedName,
  whole = false,
): FoundNames & { readonly member: PretrainedName } {
  const family = familyOf(pretrained(encoder));
  const { published } = family;
  if (!published) return { ...encoderNames(file, 'encoder', whole), member: encoder };
  const place = encoderPlace(file.tensors.keys());
  const { prefix, others } = place ?? { prefix: '', others: [] };
  const own = [...file.tensors.keys()].flatMap((name) => {
    const inner = nameInEncoder(place, name);
    return inner === null ? [] : [{ name, inner }];
  });
  const publisher = published.publisherOf(own.map(({ inner }) => inner));
  if (publisher === null) {
    throw new WeightsError(`${file.path}: holds ${published.lacking}`, { fix: OTHER_ENCODER });
  }
  const member = memberIn(file.path, lineagesOf(family, publisher, saidBy(file), encoder), encoder);
  const names = new Map<string, string>();
  for (const { name, inner } of own) {
    const known = published.ownName(inner, publisher, family.members[member]!);
    if (known !== null) names.set(`encoder.${known}`, name);
  }
  for (const name of file.tensors.keys()) if (whole && DETECTOR.test(name)) names.set(name, name);
  // Runs and UniAD's checkpoints have it there.
  const usual = prefix === 'encoder.' || prefix === 'backbone.';
  return { names, member, notes: placeNote(usual ? '' : prefix, others) };
}

const OTHER_ENCODER = 'choose the --encoder that the file belongs to';

/** Which of the members that a file may be for it is read as. @throws WeightsError where neither file nor user tells. */
function memberIn(path: string, possible: readonly string[], asked: PretrainedName): PretrainedName {
  const [first, ...others] = possible as PretrainedName[];
  if (first === undefined) {
    throw new WeightsError(`${path}: has names or metadata that no published weights for ${asked} have`, {
      fix: OTHER_ENCODER,
    });
  }
  if (others.length === 0) return first;
  const { unsaid } = familyOf(pretrained(asked)).published!;
  if (unsaid && generalName(asked) === asked) {
    throw new WeightsError(`${path}: ${unsaid.message}`, { fix: unsaid.fix });
  }
  return possible.includes(asked) ? asked : first;
}

/** A file's metadata, and what a run or its published name says beside them. */
function saidBy({ path, metadata }: WeightsFile): ReadonlyMap<string, string> {
  const { padding } = publishedAs(path.split(/[\\/]/).at(-1)!) ?? {};
  const ofRun = metadata.get('format') === 'wgad weights 1' ? metadata.get('encoder') : undefined;
  const member = PRETRAINED_NAMES.find((name) => name === ofRun);
  const note = member && familyOf(pretrained(member)).published?.lineageNote(pretrained(member).config);
  return new Map([
    ...(padding === undefined ? [] : [['padding', padding] as const]),
    ...Object.entries(note ?? {}),
    ...metadata,
  ]);
}

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
