import { read, write } from './kernel.ts';
import type { LoweredStep, Lowering } from './lowering.ts';
import { orderOf } from './order.ts';
import { perElement } from './perElement.ts';
import { code, wgsl } from './wgsl.ts';

/** Elements that are put in order by counting, before runs are merged. */
const BLOCK = 32;
/** Results that one lane merges; it divides `BLOCK`. */
const SHARE = 16;

/**
 * A stable merge sort of pairs (key, place). First each element of a block counts those before it. Then neighbouring runs
 * of 32, 64, ... are merged: a lane finds by binary search where its results begin in both runs, and merges them one by one.
 */
const argsort: Lowering<{ readonly descending: boolean }> = (
  { label, inputs, attrs: { descending } },
  device,
) => {
  const [rows, length] = inputs[0]!.shape as [number, number];
  const { element } = inputs[0]!;
  const total = rows * length;
  const key = orderOf(element);
  const blocks = perElement(
    {
      label: `${label} blocks`,
      bindings: [read('x', total, element), write('keys', total, 'u32'), write('places', total, 'i32')],
      total,
      flops: total * BLOCK,
      sizes: { length },
      layout: `x, keys, places [rows, length]: each goes behind those of its block of ${BLOCK} that are smaller, or equal and earlier.`,
      body: wgsl`
        let place = i % sizes.length;
        let own = i / sizes.length * sizes.length;
        let first = own + place / ${BLOCK}u * ${BLOCK}u;
        let end = min(first + ${BLOCK}u, own + sizes.length);
        let key = ${code(descending ? `~${key.of('x[i]')}` : key.of('x[i]'), ...key.functions)};
        var rank = 0u;
        for (var j = first; j < end; j++) {
          let other = ${code(descending ? `~${key.of('x[j]')}` : key.of('x[j]'))};
          rank += u32(other < key || (other == key && j < i));
        }
        keys[first + rank] = key;
        places[first + rank] = i32(place);`,
    },
    device,
  );
  const shares = Math.ceil(length / SHARE);
  const merge = (width: number) =>
    perElement(
      {
        label: `${label} merge`,
        bindings: [
          read('keys', total, 'u32'),
          read('places', total, 'i32'),
          write('out_keys', total, 'u32'),
          write('out', total, 'i32'),
        ],
        total: rows * shares,
        flops: total * 4,
        sizes: { length, shares, width },
        layout: `keys, places, out [rows, length], runs of width in order; one lane merges ${SHARE} results.`,
        body: wgsl`
          let row = i / sizes.shares * sizes.length;
          let start = (i % sizes.shares) * ${SHARE}u;
          let pair = start / (2u * sizes.width) * (2u * sizes.width);
          // The two runs [pair, middle) and [middle, last), the second of them maybe empty.
          let middle = min(pair + sizes.width, sizes.length);
          let last = min(middle + sizes.width, sizes.length);
          let before = start - pair;
          var low = before - min(before, last - middle);
          var high = min(before, middle - pair);
          while (low < high) {
            let probe = (low + high) / 2u;
            if (keys[row + pair + probe] <= keys[row + middle + before - 1u - probe]) { low = probe + 1u; } else { high = probe; }
          }
          var a = pair + low;
          var b = middle + before - low;
          let end = min(start + ${SHARE}u, last);
          for (var to = start; to < end; to++) {
            // Of equal keys that of the first run.
            var left = b >= last;
            if (!left && a < middle) { left = keys[row + a] <= keys[row + b]; }
            let taken = row + select(b, a, left);
            out_keys[row + to] = keys[taken];
            out[row + to] = places[taken];
            a += u32(left);
            b += u32(!left);
          }`,
      },
      device,
    );
  const widths: number[] = [];
  for (let width = BLOCK; width < length; width *= 2) widths.push(width);
  // Keys and places go back and forth between two pairs of arrays; the last places are the result.
  const placesAt = (pass: number) =>
    pass === widths.length ? ('out' as const) : { scratch: 2 + (pass % 2) };
  const steps: LoweredStep[] = [{ kernel: blocks, operands: [0, { scratch: 0 }, placesAt(0)] }];
  for (const [pass, width] of widths.entries()) {
    const operands = [{ scratch: pass % 2 }, placesAt(pass), { scratch: (pass + 1) % 2 }, placesAt(pass + 1)];
    steps.push({ kernel: merge(width), operands });
  }
  const arrays = [1, 3, 4][Math.min(2, widths.length)]!;
  return { steps, scratch: Array.from({ length: arrays }, () => total) };
};

export const sortKernels = { argsort };
