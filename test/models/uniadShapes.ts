import type { Shape } from '../../src/shape.ts';

const LAYERS = 4;
const [WIDTH, INNER, PLANES, POSITIONS] = [256, 1024, 272, 196];

/** UniAD's transformer as its authors publish it for 14 x 14 features of 272 channels (weights.md section 4), beside what the model declares. */
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
