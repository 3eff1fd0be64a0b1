import { product } from '../shape.ts';
import { read, write } from './kernel.ts';
import { type Lowering, single } from './lowering.ts';
import { perElement } from './perElement.ts';
import { code, floatLiteral, type Wgsl, type WgslFunction, wgsl } from './wgsl.ts';

interface ResizeAttrs {
  readonly mode: 'bilinear' | 'nearest';
  readonly alignCorners: boolean;
}

type Four = [number, number, number, number];

/**
 * taps_y(dst), taps_x(dst): the two source indices of an output coordinate and the weight of the second.
 * Forward and transpose call the same functions, so they agree to the last bit.
 */
function tapsFunction(
  axis: 'y' | 'x',
  from: number,
  to: number,
  { mode, alignCorners }: ResizeAttrs,
): WgslFunction {
  const name = `taps_${axis}`;
  const last = from - 1;
  if (mode === 'nearest') {
    return {
      name,
      source: `
        fn ${name}(dst: u32) -> vec3f {
          // Whole numbers: floor(dst * ${from} / ${to}) without rounding.
          let source = f32(min(dst * ${from}u / ${to}u, ${last}u));
          return vec3f(source, source, 0.0);
        }`,
    };
  }
  const scale = alignCorners ? (to > 1 ? last / (to - 1) : 0) : from / to;
  const source = alignCorners
    ? `f32(dst) * ${floatLiteral(scale)}`
    : `max(0.0, (f32(dst) + 0.5) * ${floatLiteral(scale)} - 0.5)`;
  return {
    name,
    source: `
      fn ${name}(dst: u32) -> vec3f {
        let source = ${source};
        let low = min(floor(source), ${floatLiteral(last)});
        return vec3f(low, min(low + 1.0, ${floatLiteral(last)}), source - low);
      }`,
  };
}

const interpolate: Lowering<ResizeAttrs> = (request, device) => {
  const { attrs } = request;
  const [, , h, w] = request.inputs[0]!.shape as Four;
  const [, , oh, ow] = request.out.shape as Four;
  const total = product(request.out.shape);
  const tapsY = tapsFunction('y', h, oh, attrs);
  const tapsX = tapsFunction('x', w, ow, attrs);
  return single(
    perElement(
      {
        label: request.label,
        bindings: [
          read('source', product(request.inputs[0]!.shape), request.inputs[0]!.element),
          write('out', total),
        ],
        total,
        flops: total * 12,
        layout: `source [planes, ${h}, ${w}], out [planes, ${oh}, ${ow}].`,
        body: wgsl`
        let plane = (i / ${oh * ow}u) * ${h * w}u;
        let ty = ${code('taps_y((i', tapsY)} / ${ow}u) % ${oh}u);
        let tx = ${code('taps_x(i', tapsX)} % ${ow}u);
        ${attrs.mode === 'nearest' ? nearest(w) : bilinear(w)}`,
      },
      device,
    ),
  );
};

/** Statement that stores the pixel at the taps, without weights: 0 times an infinite pixel is NaN. */
const nearest = (w: number): Wgsl => wgsl`out[i] = f32(source[plane + u32(ty.x) * ${w}u + u32(tx.x)]);`;

/**
 * Statements that store the weighted mean of four. PyTorch's 0 times infinity is NaN, so the compiler must not skip a
 * weight of 0.
 */
const bilinear = (w: number): Wgsl => wgsl`
  // Adding wid.z (0) keeps the compiler from unrolling.
  let down = ty.z + f32(wid.z);
  let right = tx.z + f32(wid.z);
  let top = plane + u32(ty.x) * ${w}u;
  let bottom = plane + (u32(ty.y) + wid.z) * ${w}u;
  let first = u32(tx.x);
  let second = u32(tx.y) + wid.z;
  let above = f32(source[top + first]) * (1.0 - right) + f32(source[top + second]) * right;
  let below = f32(source[bottom + first]) * (1.0 - right) + f32(source[bottom + second]) * right;
  out[i] = above * (1.0 - down) + below * down;`;

/** The output coordinates that can touch source coordinate `at`, generously: the taps decide. */
function touching(at: string, from: number, to: number, attrs: ResizeAttrs, name: string): string {
  const scale = attrs.alignCorners ? (to > 1 && from > 1 ? (from - 1) / (to - 1) : 0) : from / to;
  if (scale === 0) return `let ${name}_first = 0u;\nlet ${name}_last = ${to - 1}u;`;
  return `let ${name}_first = u32(clamp(floor((f32(${at}) - 1.5) / ${floatLiteral(scale)}) - 1.0, 0.0, ${floatLiteral(to - 1)}));
let ${name}_last = u32(clamp(ceil((f32(${at}) + 1.5) / ${floatLiteral(scale)}) + 1.0, 0.0, ${floatLiteral(to - 1)}));`;
}

const interpolateGrad: Lowering<ResizeAttrs> = (request, device) => {
  const { attrs } = request;
  const [, , oh, ow] = request.inputs[0]!.shape as Four;
  const [, , h, w] = request.out.shape as Four;
  const total = product(request.out.shape);
  const weigh = (taps: string, at: string): string =>
    `select(0.0, 1.0 - ${taps}.z, u32(${taps}.x) == ${at}) + select(0.0, ${taps}.z, u32(${taps}.y) == ${at})`;
  return single(
    perElement(
      {
        label: request.label,
        bindings: [
          read('dy', product(request.inputs[0]!.shape), request.inputs[0]!.element),
          write('out', total),
        ],
        total,
        flops: total * 40,
        layout: `dy [planes, ${oh}, ${ow}], out [planes, ${h}, ${w}]: each source pixel gathers from what it touched.`,
        body: wgsl`
        let plane = (i / ${h * w}u) * ${oh * ow}u;
        let y = (i / ${w}u) % ${h}u;
        let x = i % ${w}u;
        ${code(touching('y', h, oh, attrs, 'oy'))}
        ${code(touching('x', w, ow, attrs, 'ox'))}
        var sum = 0.0;
        for (var oy = oy_first; oy <= oy_last; oy++) {
          let ty = ${code('taps_y', tapsFunction('y', h, oh, attrs))}(oy);
          let wy = ${code(weigh('ty', 'y'))};
          if (wy == 0.0) { continue; }
          for (var ox = ox_first; ox <= ox_last; ox++) {
            let tx = ${code('taps_x', tapsFunction('x', w, ow, attrs))}(ox);
            let wx = ${code(weigh('tx', 'x'))};
            sum += wy * wx * f32(dy[plane + oy * ${ow}u + ox]);
          }
        }
        out[i] = sum;`,
      },
      device,
    ),
  );
};

export const resizeKernels = { interpolate, interpolateGrad };
