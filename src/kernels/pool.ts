import { product } from '../shape.ts';
import { type Binding, type DeviceFacts, read, write } from './kernel.ts';
import { type Lowering, type OpRequest, single } from './lowering.ts';
import { isNan } from './math/nan.ts';
import { perElement } from './perElement.ts';
import { code, floatLiteral, numberLiteral, type Wgsl, type WgslFunction, wgsl } from './wgsl.ts';

interface Window {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  /** top, bottom, left, right. */
  readonly padding: readonly [number, number, number, number];
  readonly dilation: readonly [number, number];
  readonly divisor?: 'image' | 'padded';
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

/** Where element (ky, kx) of the window at (y, x) stands in the image. */
const tap = (
  { stride, padding, dilation }: Window,
  [y, x]: readonly [string, string],
): readonly [string, string] => [
  `${y} * ${stride[0]} - ${padding[0]} + ky${dilation[0] === 1 ? '' : ` * ${dilation[0]}`}`,
  `${x} * ${stride[1]} - ${padding[2]} + kx${dilation[1] === 1 ? '' : ` * ${dilation[1]}`}`,
];

const isDilated = ({ dilation }: Window): boolean => dilation[0] > 1 || dilation[1] > 1;

const maxPool2d: Lowering<PoolAttrs> = (request, device) => {
  const { window } = request.attrs;
  const { kernel } = window;
  const [sy, sx] = tap(window, ['y', 'x']);
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
          ${
            isDilated(window)
              ? wgsl`
          let sy = ${code(sy)};
          let sx = ${code(sx)};
          if (u32(sy) >= ${h}u || u32(sx) >= ${w}u) { continue; }`
              : wgsl`
          // Every window meets the image, so the edge that replaces padding is in it too.
          let sy = clamp(${code(sy)}, 0, ${h - 1});
          let sx = clamp(${code(sx)}, 0, ${w - 1});`
          }
          let value = f32(source[plane * ${h * w}u + u32(sy) * ${w}u + u32(sx)]);
          best = max(best, value);
          widest = max(widest, bitcast<u32>(value) & 0x7fffffffu);
        }
      }
      out[i] = ${code(request.out.element)}(select(best, bitcast<f32>(widest), widest > 0x7f800000u));`,
  );
};

/** WGSL ranges of the windows that span input coordinates y and x: `oy_first` to `oy_last` and the like. */
const windowRanges = (
  { kernel, stride, padding, dilation }: Window,
  counts: readonly [number, number],
): Wgsl[] =>
  ([0, 1] as const).map((axis) => {
    const at = code('yx'[axis]!);
    const before = padding[2 * axis]!;
    const reach = (kernel[axis] - 1) * dilation[axis];
    return wgsl`
      let o${at}_first = u32(max(0, ${at} + ${before} - ${reach} + ${stride[axis] - 1}) / ${stride[axis]});
      let o${at}_last = u32(min(${counts[axis] - 1}, (${at} + ${before}) / ${stride[axis]}));`;
  });

/** Statements that set `winner` to the place of the first largest element of the window at (y, x), of NaN the last. */
function winnerOf(request: Request, y: string, x: string): Wgsl {
  const { window } = request.attrs;
  const { kernel } = window;
  const [sy, sx] = tap(window, [y, x]);
  const [, , h, w] = request.inputs[0]!.shape as Four;
  return wgsl`
    var best = ${code(LOWEST)};
    var winner = 0xffffffffu;
    for (var ky = 0; ky < ${kernel[0]}; ky++) {
      for (var kx = 0; kx < ${kernel[1]}; kx++) {
        let sy = ${code(sy)};
        let sx = ${code(sx)};
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
      out[i] = ${code(request.out.element)}(${code(isDilated(request.attrs.window) ? NOTHING_IS_0 : 'values[winner]')});`,
  );

/** The winner's value, 0 where a window has nothing of the image. */
const NOTHING_IS_0 =
  'select(0.0, f32(values[min(winner, arrayLength(&values) - 1u)]), winner != 0xffffffffu)';

/** Places in the plane of the largest of each window. */
const maxPool2dPlaces: Lowering<PoolAttrs> = (request, device) => {
  const [, , h, w] = request.inputs[0]!.shape as Four;
  return perPixel(
    request,
    device,
    [input(request, 0, 'source')],
    request.attrs.window.kernel[0] * request.attrs.window.kernel[1],
    'source [planes, H, W], out [planes, OH, OW].',
    wgsl`
      ${winnerOf(request, 'y', 'x')}
      out[i] = select(i32(winner - plane * ${h * w}u), -1, winner == 0xffffffffu);`,
  );
};

/** x, dy -> dx. As a gather: each input element asks every window that holds it whether it was the maximum. */
const maxPool2dGrad: Lowering<PoolAttrs> = (request, device) => {
  const { kernel } = request.attrs.window;
  const [, , oh, ow] = request.inputs[1]!.shape as Four;
  return perPixel(
    request,
    device,
    [input(request, 0, 'source'), input(request, 1, 'dy')],
    (kernel[0] * kernel[1]) ** 2,
    'source, out [planes, H, W], dy [planes, OH, OW]. The first largest of a window, row by row, takes its dy; the last that is no number, if there is one.',
    wgsl`
      ${windowRanges(request.attrs.window, [oh, ow])}
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

/** WGSL of what the sum of the window at (y, x) is multiplied by. */
function weight(window: Window, [h, w]: readonly [number, number], [y, x]: readonly [string, string]): Wgsl {
  const { kernel, stride, padding, dilation, divisor } = window;
  if (divisor === undefined) return code(`f32(${numberLiteral(1 / (kernel[0] * kernel[1]))})`);
  const counts = ([0, 1] as const).map((axis): WgslFunction => {
    const [before, after] = [padding[2 * axis]!, padding[2 * axis + 1]!];
    const [from, to] = divisor === 'image' ? [0, [h, w][axis]!] : [-before, [h, w][axis]! + after];
    return {
      name: `counted_${'yx'[axis]}`,
      source: `
        // How many of a window's elements count along ${'yx'[axis]}.
        fn counted_${'yx'[axis]}(place: i32) -> f32 {
          var count = 0.0;
          for (var k = 0; k < ${kernel[axis]}; k++) {
            let at = place * ${stride[axis]} - ${before} + k * ${dilation[axis]};
            count += select(0.0, 1.0, at >= ${from} && at < ${to});
          }
          return count;
        }`,
    };
  });
  return code(`(1.0 / max(1.0, counted_y(${y}) * counted_x(${x})))`, ...counts);
}

const avgPool2d: Lowering<PoolAttrs> = (request, device) => {
  const { window } = request.attrs;
  const { kernel } = window;
  const [sy, sx] = tap(window, ['y', 'x']);
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
          let sy = ${code(sy)};
          let sx = ${code(sx)};
          if (u32(sy) < ${h}u && u32(sx) < ${w}u) {
            sum += f32(source[plane * ${h * w}u + u32(sy) * ${w}u + u32(sx)]);
          }
        }
      }
      out[i] = ${code(request.out.element)}(sum * ${weight(window, [h, w], ['y', 'x'])});`,
  );
};

const avgPool2dGrad: Lowering<PoolAttrs> = (request, device) => {
  const { window } = request.attrs;
  const { kernel, stride, padding, dilation, divisor } = window;
  const [, , oh, ow] = request.inputs[0]!.shape as Four;
  const [, , h, w] = request.out.shape as Four;
  // A dilated window spans elements that it leaves out.
  const skipped = isDilated(window)
    ? wgsl`
      if ((y + ${padding[0]} - i32(oy) * ${stride[0]}) % ${dilation[0]} != 0) { continue; }
      if ((x + ${padding[2]} - i32(ox) * ${stride[1]}) % ${dilation[1]} != 0) { continue; }
      ${code('')}`
    : code('');
  // Windows of one size: their weight is taken once, from the sum.
  const each = divisor === undefined ? code('') : wgsl` * ${weight(window, [h, w], ['i32(oy)', 'i32(ox)'])}`;
  const all = divisor === undefined ? wgsl` * ${weight(window, [h, w], ['', ''])}` : code('');
  return perPixel(
    request,
    device,
    [input(request, 0, 'dy')],
    kernel[0] * kernel[1],
    'dy [planes, OH, OW], out [planes, H, W]: the mean of every window that holds the element.',
    wgsl`
      ${windowRanges(request.attrs.window, [oh, ow])}
      var sum = 0.0;
      for (var oy = oy_first; oy <= oy_last; oy++) {
        for (var ox = ox_first; ox <= ox_last; ox++) {
          ${skipped}sum += f32(dy[plane * ${oh * ow}u + oy * ${ow}u + ox])${each};
        }
      }
      out[i] = ${code(request.out.element)}(sum${all});`,
  );
};

export const poolKernels = {
  maxPool2d,
  maxPool2dGrad,
  maxPool2dPick,
  maxPool2dPlaces,
  avgPool2d,
  avgPool2dGrad,
};
