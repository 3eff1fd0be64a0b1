import { basename } from 'node:path';
import type { Command } from 'commander';
import { ConfigError, shown, WeightsError } from '../../errors.ts';
import { isFloat } from '../../formats/floats.ts';
import { requireWritable } from '../../formats/regularFile.ts';
import { refuseOnto } from '../../formats/sameFile.ts';
import { sha256Of } from '../../formats/sha256.ts';
import { openWeights, type WeightsFile } from '../../formats/weightsFile.ts';
import { type FloatDtype, type WritableTensor, writeSafetensors } from '../../formats/writeSafetensors.ts';
import { encoderPlace } from '../../models/encoderPlace.ts';
import { ENCODER_FAMILIES, familyOf, pretrained } from '../../models/encoders/index.ts';
import { lineagesOf } from '../../models/encoders/lineages.ts';
import type { Padding } from '../../models/invertedResiduals.ts';
import { publishedAs } from '../../published/table.ts';
import { type DetectorContent, detectorContent } from '../../weights/detector.ts';
import { publishedEncoder } from '../../weights/publishedEncoder.ts';
import { EXIT } from '../exitCodes.ts';
import { oneOf } from '../names.ts';
import type { Runner } from '../verb.ts';

interface ConvertFlags {
  dtype: DtypeName;
  padding?: Padding;
  ignoreForeign?: boolean;
}

export function addConvert(weights: Command, run: Runner): void {
  weights
    .command('convert <in> <out>')
    .description(
      'write the float tensors of a PyTorch or safetensors file as safetensors; those of RD4AD, ReContrast and UniAD under the names used here',
    )
    .option('--dtype <name>', 'f32 or f16', oneOf(Object.keys(DTYPES) as DtypeName[]), 'f32')
    .option(
      '--padding <name>',
      `EfficientNet and MobileNetV3: note what it was trained with: ${PADDINGS.join(', ')}; default: what its names say`,
      oneOf<Padding>(PADDINGS),
    )
    .option('--ignore-foreign', 'skip objects of unknown classes instead of refusing the file')
    .addHelpText(
      'after',
      '\nExample:\n  wgad weights convert resnet18-f37072fd.pth resnet18.safetensors\n  wgad weights convert uniad.pth.tar uniad.safetensors --ignore-foreign',
    )
    .action((from: string, to: string, flags: ConvertFlags) =>
      run(async (context) => {
        await refuseOnto('<out>', to, from);
        await requireWritable(to);
        const file = await openWeights(from, flags);
        try {
          const detector = detectorContent(file.tensors);
          if (detector && detector.wrong.length > 0) {
            throw new WeightsError(
              `${from}: is of ${detector.code}, but does not fit ${detector.encoder}: ${detector.wrong.join('; ')}`,
            );
          }
          const names = detector?.names ?? bareNames([...file.tensors.keys()]);
          const floats = [...names].filter(([, name]) => isFloat(file.tensors.get(name)!.dtype));
          if (floats.length === 0) throw new WeightsError(`${from}: holds no float tensor`);
          const tensors = new Map<string, WritableTensor>(
            floats.map(([own, name]) => [
              own,
              { shape: file.tensors.get(name)!.shape, data: () => file.read(name) },
            ]),
          );
          const metadata = {
            ...Object.fromEntries(file.metadata),
            ...(detector ? detectorNote(detector) : {}),
            ...lineageNote(file, from, flags.padding),
            source: basename(from),
            sha256: await sha256Of(from),
          };
          await writeSafetensors(to, tensors, metadata, DTYPES[flags.dtype]);
          // Batch norms count their batches in an int64 scalar that no evaluation reads.
          const skipped = [...names.values()].filter(
            (name) => !isFloat(file.tensors.get(name)!.dtype) && !name.endsWith('num_batches_tracked'),
          );
          const dead = detector?.dead ?? [];
          const prefix = detector?.prefix ?? prefixIn(names);
          const notes = [...file.notes, ...(prefix === '' ? [] : [`read under ${shown(prefix)}`])];
          const lines = [
            `${to}: ${tensors.size} tensors from ${file.kind}${detector ? `, ${detector.code}` : ''}`,
            ...notes,
            ...skipped.map((name) => `left out ${shown(name)}: ${file.tensors.get(name)!.dtype} is no float`),
            ...(dead.length > 0
              ? [`left out, nothing reads them: ${dead.map((name) => shown(name)).join(', ')}`]
              : []),
          ];
          context.result(
            {
              file: to,
              container: file.kind,
              detector: detector?.code,
              notes,
              tensors: tensors.size,
              skipped,
              dead,
            },
            lines.join('\n'),
          );
        } finally {
          await file.close();
        }
        return EXIT.done;
      }),
    );
}

/** Own name to the file's: what a trainer put before all names of an encoder goes. */
function bareNames(all: readonly string[]): Map<string, string> {
  const { prefix } = encoderPlace(all) ?? { prefix: '' };
  const common = all.every((name) => name.startsWith(prefix)) ? prefix : '';
  return new Map(all.map((name) => [name.slice(common.length), name]));
}

const prefixIn = (names: ReadonlyMap<string, string>): string => {
  const [[own, name] = ['', '']] = names;
  return name.slice(0, name.length - own.length);
};

/** Every padding that published weights were trained with. */
const PADDINGS: readonly Padding[] = [
  ...new Set(
    Object.values(ENCODER_FAMILIES).flatMap(({ members }) =>
      Object.values(members).flatMap((config) => ('padding' in config ? [config.padding] : [])),
    ),
  ),
];

/** RD4AD's decoder has ReLU where the paper's, ReContrast's and ours have GELU. */
const detectorNote = ({ code, encoder }: DetectorContent): Record<string, string> => ({
  detector: code,
  encoder,
  ...(code === 'RD4AD' ? { activation: 'relu' } : {}),
});

/** How an encoder was trained, if its tensor names or the user say so; the converted file then records it. */
function lineageNote(
  file: WeightsFile,
  path: string,
  said: Padding | undefined,
): Readonly<Record<string, string>> {
  const found = publishedEncoder(file.tensors);
  if (!found) {
    if (said)
      throw new ConfigError(`${path}: is no EfficientNet or MobileNetV3, --padding says nothing about it`);
    return {};
  }
  const family = familyOf(pretrained(found.name));
  const padding = said ?? publishedAs(basename(path))?.padding;
  const metadata = padding ? new Map([['padding', padding]]) : file.metadata;
  const [name, ...others] = lineagesOf(family, found.publisher, metadata, found.name);
  if (said && name === undefined) {
    throw new ConfigError(
      `${path}: no published weights of ${found.name} were trained with --padding ${said}`,
    );
  }
  return name === undefined || others.length > 0 ? {} : family.published!.lineageNote(family.members[name]!);
}

const DTYPES = { f32: 'F32', f16: 'F16' } as const satisfies Record<string, FloatDtype>;
type DtypeName = keyof typeof DTYPES;
