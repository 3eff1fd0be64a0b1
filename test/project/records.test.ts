import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { LAYOUTS } from '../../src/data/layouts/index.ts';
import { ALIGNMENTS } from '../../src/methods/alignments/index.ts';
import { DETECTOR_NAMES } from '../../src/methods/detectors.ts';
import { ENCODER_FAMILIES, PRETRAINED_NAMES } from '../../src/models/encoders/index.ts';
import { MEASURES } from '../../src/score/measures.ts';

/** Where a name may decide what happens, and why. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'reproduce/orderings.ts: cada': "which of the paper's rows are compared",
  'reproduce/reproduceFigure.ts: cada': "the paper's figure",
  'reproduce/reproduceFigure.ts: revdist': 'the same',
  'bench/scoreCases.ts: revdist': 'the labels of records that are kept leave the usual method out',
  'cli/benchFlags.ts: resnet18_w16': 'the small encoder, unless another is asked for',
};

/** Words that mean much else: an encoder or a smoothing may be `none`, an entry of a folder a `folder`. */
const COMMON = ['none', 'folder', 'class'];

const names = [
  ...LAYOUTS,
  ...ALIGNMENTS,
  ...DETECTOR_NAMES,
  ...Object.keys(ENCODER_FAMILIES),
  ...PRETRAINED_NAMES,
  ...MEASURES.flatMap((measure): readonly string[] => measure.names),
].filter((name) => !COMMON.includes(name));

const root = new URL('../../src/', import.meta.url);

it('nothing asks for an alignment, encoder, layout, method or metric by its name: it asks the record', () => {
  const asked = new RegExp(
    `(?:[=!]==|\\bcase|startsWith\\(|\\.includes\\(|\\.has\\()\\s*'(${names.join('|')})'`,
    'g',
  );
  const found = readdirSync(root, { recursive: true })
    .map((file) => String(file).replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) =>
      [...readFileSync(new URL(file, root), 'utf8').matchAll(asked)].map(([, name]) => `${file}: ${name}`),
    );
  expect(found.filter((each) => !Object.hasOwn(EXCEPTIONS, each))).toEqual([]);
  const unused = Object.keys(EXCEPTIONS).filter((each) => !found.includes(each));
  expect(unused).toEqual([]);
});
