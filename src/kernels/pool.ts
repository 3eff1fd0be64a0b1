import { product } from '../shape.ts';
import { type Binding, type DeviceFacts, read, write } from './kernel.ts';
import { type Lowering, type OpRequest, single } from './lowering.ts';
import { isNan } from './math/nan.ts';
import { perElement } from './perElement.ts';
import { code, floatLiteral, type Wgsl, wgsl } from './wgsl.ts';

interface Window {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
}

type PoolAttrs = { readonly window: Window };
type Request = OpRequest<PoolAttrs>;

type Four = [number, number, number, number];

/** Where a window begins. */
const LOWEST = floatLiteral(Number.NEGATIVE_INFINITY);

/** One invocation per element of `out`, after naming its coordinates: plane, y, x. */
function perPixel(
  request: Request,
  device: DeviceFacts,
  bindings: Binding[],
  flops: number,
  layout: string,
  body: Wgsl,
) {
  const [, , h, w] = request.out.shape as Four;
  const total = product(request.out.shape);
  return single(
    perElement(
      {
        label: request.label,
        bindings: [...bindings, write('out', total, request.out.element)],
        total,
        flops: flops * total,
        layout,
        body: wgsl`
        let plane = i / ${h * w}u;
        let y = i32((i / ${w}u) % ${h}u);
        let x = i32(i % ${w}u);
        ${body}`,
      },
      device,
    ),
  );
}

const input = (request: Request, index: number, name: string): Binding => {
  const spec = request.inputs[index]!;
  return read(name, product(spec.shape), spec.element);
};

const maxPool2d: Lowering<PoolAttrs> = (request, device) => {
  const { kernel, stride, padding } = request.attrs.window;
  const [, , h, w] = request.inputs[0]!.shape as Four;
  return perPixel(
    request,
    device,
    [input(request, 0, 'source')],
    kernel[0] * kernel[1],
    'source [planes, H, W], out [planes, OH, OW]; padding counts as minus infinity.',
    wgsl`
      var best = ${code(LOWEST)};
      // The bits of the largest magnitude: those of no number, which max may drop, lie above infinity's.
      var widest = 0u;
      for (var ky = 0; ky < ${kernel[0]}; ky++) {
        for (var kx = 0; kx < ${kernel[1]}; kx++) {
          // Every window meets the image, so the edge that replaces padding is in it too.
          let sy = clamp(y * ${stride[0]} - ${padding[0]} + ky, 0, ${h - 1});
          let sx = clamp(x * ${stride[1]} - ${padding[1]} + kx, 0, ${w - 1});
          let value = f32(source[plane * ${h * w}u + u32(sy) * ${w}u + u32(sx)]);
          best = max(best, value);
          widest = max(widest, bitcast<u32>(value) & 0x7fffffffu);
        }
      }
      out[i] = ${code(request.out.element)}(select(best, bitcast<f32>(widest), widest > 0x7f800000u));`,
  );
};

/** WGSL ranges of the windows that contain input coordinate `at` along one axis. */
const windowRange = (
  at: string,
  kernel: number,
  stride: number,
  padding: number,
  count: number,
  name: string,
): string =>
  `let ${name}_first = u32(max(0, ${at} + ${padding} - ${kernel - 1} + ${stride - 1}) / ${stride});
let ${name}_last = u32(min(${count - 1}, (${at} + ${padding}) / ${stride}));`;

/** Statements that set `winner` to the place of the first largest element of the window at (y, x), of NaN the last. */
function winnerOf(request: Request, y: string, x: string): Wgsl {
  const { kernel, stride, padding } = request.attrs.window;
  const [, , h, w] = request.inputs[0]!.shape as Four;
  return wgsl`
    var best = ${code(LOWEST)};
    var winner = 0xffffffffu;
    for (var ky = 0; ky < ${kernel[0]}; ky++) {
      for (var kx = 0; kx < ${kernel[1]}; kx++) {
        let sy = ${code(y)} * ${stride[0]} - ${padding[0]} + ky;
        let sx = ${code(x)} * ${stride[1]} - ${padding[1]} + kx;
        if (u32(sy) >= ${h}u || u32(sx) >= ${w}u) { continue; }
        let at = plane * ${h * w}u + u32(sy) * ${w}u + u32(sx);
        let value = f32(source[at]);
        if (value > best || ${code('is_nan', isNan)}(value) || winner == 0xffffffffu) { best = value; winner = at; }
      }
    }`;
}

/** x, v -> v where x has the largest of each window. */
const maxPool2dPick: Lowering<PoolAttrs> = (request, device) =>
  perPixel(
    request,
    device,
    [input(request, 0, 'source'), input(request, 1, 'values')],
    request.attrs.window.kernel[0] * request.attrs.window.kernel[1],
    'source, values [planes, H, W], out [planes, OH, OW].',
    wgsl`
      ${winnerOf(request, 'y', 'x')}
      out[i] = ${code(request.out.element)}(values[winner]);`,
  );

/** x, dy -> dx. As a gather: each input element asks every window that holds it whether it was the maximum. */
const maxPool2dGrad: Lowering<PoolAttrs> = (request, device) => {
  const { kernel, stride, padding } = request.attrs.window;
  const [, , oh, ow] = request.inputs[1]!.shape as Four;
  return perPixel(
    request,
    device,
    [input(request, 0, 'source'), input(request, 1, 'dy')],
    (kernel[0] * kernel[1]) ** 2,
    'source, out [planes, H, W], dy [planes, OH, OW]. The first largest of a window, row by row, takes its dy; the last that is no number, if there is one.',
    wgsl`
      ${code(windowRange('y', kernel[0], stride[0], padding[0], oh, 'oy'))}
      ${code(windowRange('x', kernel[1], stride[1], padding[1], ow, 'ox'))}
      var sum = 0.0;
      for (var oy = oy_first; oy <= oy_last; oy++) {
        for (var ox = ox_first; ox <= ox_last; ox++) {
          ${winnerOf(request, 'i32(oy)', 'i32(ox)')}
          if (winner == i) { sum += f32(dy[plane * ${oh * ow}u + oy * ${ow}u + ox]); }
        }
      }
      out[i] = ${code(request.out.element)}(sum);`,
  );
};

const avgPool2d: Lowering<PoolAttrs> = (request, device) => {
  const { kernel, stride, padding } = request.attrs.window;
  const [, , h, w] = request.inputs[0]!.shape as Four;
  return perPixel(
    request,
    device,
    [input(request, 0, 'source')],
    kernel[0] * kernel[1],
    'source [planes, H, W], out [planes, OH, OW]; padding counts as zeros.',
    wgsl`
      var sum = 0.0;
      for (var ky = 0; ky < ${kernel[0]}; ky++) {
        for (var kx = 0; kx < ${kernel[1]}; kx++) {
          let sy = y * ${stride[0]} - ${padding[0]} + ky;
          let sx = x * ${stride[1]} - ${padding[1]} + kx;
          if (u32(sy) < ${h}u && u32(sx) < ${w}u) {
            sum += f32(source[plane * ${h * w}u + u32(sy) * ${w}u + u32(sx)]);
          }
        }
      }
      out[i] = ${code(request.out.element)}(sum * f32(${1 / (kernel[0] * kernel[1])}));`,
  );
};

const avgPool2dGrad: Lowering<PoolAttrs> = (request, device) => {
  const { kernel, stride, padding } = request.attrs.window;
  const [, , oh, ow] = request.inputs[0]!.shape as Four;
  return perPixel(
    request,
    device,
    [input(request, 0, 'dy')],
    kernel[0] * kernel[1],
    'dy [planes, OH, OW], out [planes, H, W]: the mean of every window that holds the element.',
    wgsl`
      ${code(windowRange('y', kernel[0], stride[0], padding[0], oh, 'oy'))}
      ${code(windowRange('x', kernel[1], stride[1], padding[1], ow, 'ox'))}
      var sum = 0.0;
      for (var oy = oy_first; oy <= oy_last; oy++) {
        for (var ox = ox_first; ox <= ox_last; ox++) {
          sum += f32(dy[plane * ${oh * ow}u + oy * ${ow}u + ox]);
        }
      }
      out[i] = ${code(request.out.element)}(sum * f32(${1 / (kernel[0] * kernel[1])}));`,
  );
};

export const poolKernels = {
  maxPool2d,
  maxPool2dGrad,
  maxPool2dPick,
  avgPool2d,
  avgPool2dGrad,
};
