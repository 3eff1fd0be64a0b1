import type { Shape } from '../shape.ts';
import { torchvisionName } from './efficientnetNames.ts';

/** Whose code saved a detector (weights.md section 4). */
export type DetectorCode = 'RD4AD' | 'ReContrast' | 'UniAD';

/** What every checkpoint of a code has a tensor under. */
const MARKS: Readonly<Record<DetectorCode, readonly string[]>> = {
  RD4AD: ['bn.bn_layer.', 'decoder.layer1.'],
  ReContrast: ['encoder_freeze.', 'bottleneck.bn_layer.', 'decoder.layer1.'],
  UniAD: ['reconstruction.transformer.'],
};

/** The code that a state dict's names are from, or null. */
export function detectorCodeOf(names: Iterable<string>): DetectorCode | null {
  const all = [...names];
  const has = (mark: string): boolean => all.some((name) => name.startsWith(mark));
  return (Object.keys(MARKS) as DetectorCode[]).find((code) => MARKS[code].every(has)) ?? null;
}

/** In the bottleneck, never read: a projection that its forward pass leaves out, and banks of another paper. */
const DEAD = /^bottleneck\.(conv4|bn4)\.|memory/;

/**
 * What a tensor is called here: under `encoder.`, `bottleneck.`, `decoder.` or `reconstruction.`. Null for what
 * nothing reads: dead layers, batch norms' counters, and EfficientNet's last stages.
 */
export function ownName(name: string, code: DetectorCode): string | null {
  if (name.endsWith('num_batches_tracked')) return null;
  if (code === 'UniAD') return uniadName(name);
  const own = code === 'RD4AD' ? name.replace(/^bn\./, 'bottleneck.') : name;
  return DEAD.test(own) ? null : own;
}

function uniadName(name: string): string | null {
  const inner = /^backbone\.(.+)$/.exec(name)?.[1];
  if (inner === undefined) return name;
  const own = inner.startsWith('_') ? torchvisionName(inner, 'efficientnet-pytorch') : inner;
  return own === null ? null : `encoder.${own}`;
}

const LAYERS = 4;
const [WIDTH, INNER, PLANES, POSITIONS] = [256, 1024, 272, 196];

/** UniAD's transformer as its authors publish it for 14 x 14 features of 272 channels. */
export function uniadShapes(): Map<string, Shape> {
  const shapes = new Map<string, Shape>();
  const both = (name: string, weight: Shape): void => {
    shapes.set(`reconstruction.${name}.weight`, weight);
    shapes.set(`reconstruction.${name}.bias`, [weight[0]!]);
  };
  const attention = (name: string): void => {
    shapes.set(`reconstruction.${name}.in_proj_weight`, [3 * WIDTH, WIDTH]);
    shapes.set(`reconstruction.${name}.in_proj_bias`, [3 * WIDTH]);
    both(`${name}.out_proj`, [WIDTH, WIDTH]);
  };
  const layer = (name: string, attentions: readonly string[]): void => {
    for (const each of attentions) attention(`${name}.${each}`);
    both(`${name}.linear1`, [INNER, WIDTH]);
    both(`${name}.linear2`, [WIDTH, INNER]);
    for (let i = 1; i <= attentions.length + 1; i++) both(`${name}.norm${i}`, [WIDTH]);
  };
  for (const side of ['row', 'col']) {
    shapes.set(`reconstruction.pos_embed.${side}_embed.weight`, [Math.sqrt(POSITIONS), WIDTH / 2]);
  }
  both('input_proj', [WIDTH, PLANES]);
  both('output_proj', [PLANES, WIDTH]);
  for (let i = 0; i < LAYERS; i++) {
    layer(`transformer.encoder.layers.${i}`, ['self_attn']);
    shapes.set(`reconstruction.transformer.decoder.layers.${i}.learned_embed.weight`, [POSITIONS, WIDTH]);
    layer(`transformer.decoder.layers.${i}`, ['self_attn', 'multihead_attn']);
  }
  both('transformer.decoder.norm', [WIDTH]);
  return shapes;
}
