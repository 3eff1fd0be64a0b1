import { shown } from '../errors.ts';
import type { StoredTensor } from '../formats/weightsFile.ts';
import { revdistSpecs } from '../methods/revdist.ts';
import { namingOf } from '../models/efficientnetNames.ts';
import { encoderPlace } from '../models/encoderPlace.ts';
import { RESNETS, type ResNetName } from '../models/resnet.ts';
import { misfits, shapesOf } from '../nn/fit.ts';
import { detectorContent } from './detector.ts';
import { encoderTensors } from './encoder.ts';

export interface WeightsMeaning {
  /** In words; null where names and shapes say nothing. */
  readonly content: string | null;
  /** A detector's tensors that are missing, mis-shaped or unexpected. */
  readonly wrong: readonly string[];
}

/** What a file's tensors are, by names and shapes alone. */
export function contentOf(tensors: ReadonlyMap<string, StoredTensor>): WeightsMeaning {
  const detector = detectorContent(tensors);
  if (detector) {
    const { code, encoder, wrong } = detector;
    return { content: `checkpoint of ${code}, encoder ${encoder}${placed(detector.prefix)}`, wrong };
  }
  const { prefix } = encoderPlace(tensors.keys()) ?? { prefix: '' };
  const naming = namingOf(
    [...tensors.keys()].flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : [])),
  );
  if (naming) return { content: `efficientnet_b4 under the names of ${naming}${placed(prefix)}`, wrong: [] };
  const encoder = encoderTensors(tensors, 'encoder');
  const fitting = (Object.keys(RESNETS) as ResNetName[]).find(
    (name) => misfits(shapesOf(revdistSpecs(RESNETS[name]).frozen), encoder).length === 0,
  );
  return { content: fitting ? `${fitting}${placed(prefix)}` : null, wrong: [] };
}

const placed = (prefix: string): string => (prefix === '' ? '' : `, under ${shown(prefix)}`);
