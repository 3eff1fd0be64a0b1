/** Sampling at places that are computed: grids, boxes, offsets. */
import { ConfigError } from '../../errors.ts';
import { matmul } from '../../graph/ops/matmul.ts';
import { permute, reshape } from '../../graph/ops/movement.ts';
import { constant } from '../../graph/value.ts';
import { product, range, stridesOf } from '../../shape.ts';
import { elementKernel, placeOf } from '../elementKernel.ts';
import type { NodeCall, OperatorTable } from '../operator.ts';
import { Term } from '../term.ts';
import { convert } from './cast.ts';
import { withBias } from './products.ts';

/** WGSL: a coordinate mirrored at both borders until it lies between them. */
const REFLECT = `fn reflected(x: f32, low: f32, high: f32) -> f32 {
  let size = high - low;
  if ((x >= low && x <= high) || size <= 0.0) { return x; }
  let over = select(x - high, low - x, x < low);
  let turns = floor(over / size);
  let rest = over - turns * size;
  let fromLow = (i32(turns) % 2 == 0) == (x < low);
  return select(high - rest, low + rest, fromLow);
}
fn cubic(d: f32) -> f32 {
  let x = abs(d);
  if (x < 1.0) { return (1.25 * x - 2.25) * x * x + 1.0; }
  if (x < 2.0) { return ((-0.75 * x + 3.75) * x - 6.0) * x + 3.0; }
  return 0.0;
}
`;

const MODES: Readonly<Record<string, 'nearest' | 'linear' | 'cubic'>> = {
  nearest: 'nearest',
  linear: 'linear',
  bilinear: 'linear',
  cubic: 'cubic',
  bicubic: 'cubic',
};

/** x at the places of a grid from -1 to 1; its last axis has the innermost coordinate first. */
function gridSample(call: NodeCall): Term {
  const [x, grid] = [call.term(0), call.term(1)];
  const space = x.shape.slice(2);
  const axes = space.length;
  const mode = MODES[call.text('mode', 'linear')];
  if (!mode)
    throw new ConfigError(`mode expects ${Object.keys(MODES).join(', ')}, got ${call.text('mode', '')}`);
  const border = call.text('padding_mode', 'zeros');
  const corners = call.flag('align_corners', false);
  const shape = [...x.shape.slice(0, 2), ...grid.shape.slice(1, -1)];
  const row = grid.shape.slice(1, -1).map((_, i) => `c${i + 2}`);
  const coordinates = space.map((size, axis) => {
    const at = `x1[${placeOf(grid.shape, ['c0', ...row, `${axes - 1 - axis}`])}]`;
    const place = corners ? `(${at} + 1.0) * 0.5 * ${size - 1}.0` : `((${at} + 1.0) * ${size}.0 - 1.0) * 0.5`;
    const [low, high] = corners ? ['0.0', `${size - 1}.0`] : ['-0.5', `${size}.0 - 0.5`];
    const whole = mode === 'nearest' ? `round(${place})` : place;
    if (border === 'border') return `let p${axis} = clamp(${whole}, 0.0, ${size - 1}.0);`;
    return `let p${axis} = ${border === 'reflection' ? `reflected(${whole}, ${low}, ${high})` : whole};`;
  });
  const [first, last] = { nearest: [0, 0], linear: [0, 1], cubic: [-1, 2] }[mode] as [number, number];
  const loops = space.map((size, axis) => {
    const [low, high] = corners ? ['0.0', `${size - 1}.0`] : ['-0.5', `${size}.0 - 0.5`];
    const base = mode === 'nearest' ? `i32(round(p${axis}))` : `i32(floor(p${axis}))`;
    const weight =
      mode === 'nearest'
        ? '1.0'
        : mode === 'linear'
          ? `1.0 - abs(p${axis} - f32(raw${axis}))`
          : `cubic(p${axis} - f32(raw${axis}))`;
    const inside =
      border === 'reflection' ? `i32(reflected(f32(raw${axis}), ${low}, ${high}))` : `raw${axis}`;
    return `for (var t${axis} = ${first}; t${axis} <= ${last}; t${axis}++) {
      let raw${axis} = ${base} + t${axis};
      let w${axis} = ${weight};
      let q${axis} = ${border === 'zeros' ? `raw${axis}` : `clamp(${inside}, 0, ${size - 1})`};`;
  });
  const valid =
    border === 'zeros'
      ? space.map((size, axis) => `q${axis} >= 0 && q${axis} < ${size}`).join(' && ')
      : 'true';
  const place = placeOf(x.shape, ['c0', 'c1', ...space.map((_, axis) => `q${axis}`)]);
  const weights = space.map((_, axis) => `w${axis}`).join(' * ');
  const body = `${coordinates.join('\n')}
    ${loops.join('\n')}
    if (${valid}) { out += ${weights} * x0[${place}]; }
    ${loops.map(() => '}').join(' ')}`;
  const inputs = [x.value, grid.value];
  return Term.of(
    x.type,
    elementKernel({ name: 'grid sample', inputs, shape, dtype: 'f32', body, functions: REFLECT }),
  );
}

/** Places of an image's pixels from -1 to 1, moved by matrices [N, d, d + 1]. */
function affineGrid(call: NodeCall): Term {
  const theta = call.value(0);
  const [n, , ...space] = call.numbers(1, 'size') as [number, number, ...number[]];
  const corners = call.flag('align_corners', false);
  const axes = space.length;
  const strides = stridesOf(space);
  const count = product(space);
  const rows = range(axes).map((i) => {
    // The innermost coordinate comes first.
    const axis = axes - 1 - i;
    const size = space[axis]!;
    return range(count).map((at) => {
      const place = Math.floor(at / strides[axis]!) % size;
      return corners ? (size === 1 ? -1 : (2 * place) / (size - 1) - 1) : (2 * place + 1) / size - 1;
    });
  });
  const places = constant([...rows.flat(), ...range(count).map(() => 1)], [axes + 1, count]);
  const moved = permute(matmul(theta, places), [0, 2, 1]);
  return Term.of(call.term(0).type, reshape(moved, [n, ...space, axes]));
}

/** A convolution whose taps lie at offsets of their own, read between pixels. */
function deformableConvolution(call: NodeCall): Term {
  const [x, weight, offset] = [call.term(0), call.term(1), call.term(2)];
  const mask = call.optional(4);
  const [n, channels, height, width] = x.shape as [number, number, number, number];
  const [outputs, perGroup, kh, kw] = weight.shape as [number, number, number, number];
  const [strides, dilations] = [call.ints('strides') ?? [1, 1], call.ints('dilations') ?? [1, 1]];
  const pads = call.ints('pads') ?? [0, 0, 0, 0];
  const [groups, offsetGroups] = [call.int('group', 1), call.int('offset_group', 1)];
  const [oh, ow] = offset.shape.slice(2) as [number, number];
  const shape = [n, outputs, oh, ow];
  const read = (array: string, count: number, channel: string): string =>
    `${array}[((c0 * ${count} + ${channel}) * ${oh} + c2) * ${ow} + c3]`;
  const moves = 2 * offsetGroups * kh * kw;
  const body = `for (var k = 0; k < ${perGroup}; k++) {
      let channel = (c1 / ${outputs / groups}) * ${perGroup} + k;
      let part = channel / ${channels / offsetGroups};
      for (var i = 0; i < ${kh}; i++) { for (var j = 0; j < ${kw}; j++) {
        let tap = (part * ${kh} + i) * ${kw} + j;
        let y = f32(c2 * ${strides[0]} - ${pads[0]} + i * ${dilations[0]}) + ${read('x2', moves, '2 * tap')};
        let x = f32(c3 * ${strides[1]} - ${pads[1]} + j * ${dilations[1]}) + ${read('x2', moves, '2 * tap + 1')};
        let factor = x1[((c1 * ${perGroup} + k) * ${kh} + i) * ${kw} + j]${mask ? ` * ${read('x3', moves / 2, 'tap')}` : ''};
        for (var a = 0; a < 2; a++) { for (var b = 0; b < 2; b++) {
          let row = i32(floor(y)) + a;
          let column = i32(floor(x)) + b;
          if (row >= 0 && row < ${height} && column >= 0 && column < ${width}) {
            let near = (1.0 - abs(y - f32(row))) * (1.0 - abs(x - f32(column)));
            out += factor * near * x0[((c0 * ${channels} + channel) * ${height} + row) * ${width} + column];
          }
        } }
      } }
    }`;
  const inputs = [x, weight, offset, ...(mask ? [mask] : [])].map((term) => term.value);
  const out = elementKernel({ name: 'deformable convolution', inputs, shape, dtype: 'f32', body });
  return Term.of(x.type, withBias(out, call.optional(3)?.value));
}

/** Pixels of boxes, averaged (or the largest) over points between which an image is read. */
function roiAlign(call: NodeCall): Term {
  const [x, boxes, images] = [call.term(0), call.term(1), convert(call.term(2), 'int32')];
  const [, channels, height, width] = x.shape as [number, number, number, number];
  const [oh, ow] = [call.int('output_height', 1), call.int('output_width', 1)];
  const ratio = call.int('sampling_ratio', 0);
  const scale = call.float('spatial_scale', 1);
  const half =
    call.text('coordinate_transformation_mode', call.opset >= 16 ? 'half_pixel' : 'output_half_pixel') ===
    'half_pixel';
  const largest = call.text('mode', 'avg') === 'max';
  const box = (i: number): string => `x1[c0 * 4 + ${i}] * ${floatText(scale)}${half ? ' - 0.5' : ''}`;
  const least = half ? '' : 'rw = max(rw, 1.0); rh = max(rh, 1.0);';
  const points = (size: string, out: number): string =>
    ratio > 0 ? `${ratio}` : `i32(ceil(${size} / ${out}.0))`;
  const body = `let left = ${box(0)}; let top = ${box(1)};
    var rw = ${box(2)} - left; var rh = ${box(3)} - top;
    ${least}
    let rows = ${points('rh', oh)}; let columns = ${points('rw', ow)};
    var best = -3.4e38;
    let base = (x2[c0] * ${channels} + c1) * ${height * width};
    for (var i = 0; i < rows; i++) { for (var j = 0; j < columns; j++) {
      var y = top + (f32(c2) + (f32(i) + 0.5) / f32(rows)) * rh / ${oh}.0;
      var x = left + (f32(c3) + (f32(j) + 0.5) / f32(columns)) * rw / ${ow}.0;
      if (y < -1.0 || y > ${height}.0 || x < -1.0 || x > ${width}.0) { best = max(best, 0.0); continue; }
      y = clamp(y, 0.0, ${height - 1}.0); x = clamp(x, 0.0, ${width - 1}.0);
      let r0 = i32(floor(y)); let q0 = i32(floor(x));
      let r1 = min(r0 + 1, ${height - 1}); let q1 = min(q0 + 1, ${width - 1});
      let fy = y - f32(r0); let fx = x - f32(q0);
      let a = (1.0 - fy) * (1.0 - fx) * x0[base + r0 * ${width} + q0];
      let b = (1.0 - fy) * fx * x0[base + r0 * ${width} + q1];
      let c = fy * (1.0 - fx) * x0[base + r1 * ${width} + q0];
      let d = fy * fx * x0[base + r1 * ${width} + q1];
      best = max(best, max(max(a, b), max(c, d)));
      out += a + b + c + d;
    } }
    ${largest ? 'out = best;' : 'out = out / f32(max(1, rows * columns));'}`;
  const shape = [boxes.shape[0]!, channels, oh, ow];
  const inputs = [x.value, boxes.value, images.value];
  return Term.of(x.type, elementKernel({ name: 'roi align', inputs, shape, dtype: 'f32', body }));
}

const floatText = (value: number): string => (Number.isInteger(value) ? `${value}.0` : `${value}`);

export const geometryOperators: OperatorTable = {
  GridSample: { attributes: ['align_corners', 'mode', 'padding_mode'], run: gridSample },
  AffineGrid: { attributes: ['align_corners'], known: [1], run: affineGrid },
  DeformConv: {
    attributes: ['dilations', 'group', 'kernel_shape', 'offset_group', 'pads', 'strides'],
    run: deformableConvolution,
  },
  RoiAlign: {
    attributes: [
      'coordinate_transformation_mode',
      'mode',
      'output_height',
      'output_width',
      'sampling_ratio',
      'spatial_scale',
    ],
    run: roiAlign,
  },
};
