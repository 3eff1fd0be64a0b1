import type { RandomStream } from '../../src/random.ts';

/**
 * Sets a four-sided piece of one of the `sources` into `image`, all [3, size, size]: half of the pieces are turned by any angle and
 * magnified by 0.5 to 2, the others by quarter turns alone.
 * @param onCover gets each pixel that the piece covers, how much of it, and by how much the three channels changed on average.
 */
export function setPiece(
  image: Float32Array,
  sources: readonly Float32Array[],
  random: RandomStream,
  size: number,
  onCover?: (at: number, cover: number, change: number) => void,
): void {
  const plane = size * size;
  const edges = drawOutline(random, size);
  const source = sources[random.integer(sources.length)]!;
  const free = random.next() < 0.5;
  const angle = free ? random.between(0, 2 * Math.PI) : (random.integer(4) * Math.PI) / 2;
  const shrink = free ? Math.exp(random.between(-0.7, 0.7)) : 1;
  const [cos, sin] = [Math.cos(angle) * shrink, Math.sin(angle) * shrink];
  const shift = (): number => (free ? random.between(0.1, 0.9) * size : 4 + random.integer(size - 8));
  const [right, down] = [shift(), shift()];
  const opacity = random.between(0.5, 1);
  for (let y = 0, at = 0; y < size; y++) {
    for (let x = 0; x < size; x++, at++) {
      let outside = -Infinity;
      for (const edge of edges) {
        outside = Math.max(outside, edge.cos * (x + 0.5) + edge.sin * (y + 0.5) - edge.offset);
      }
      const cover = Math.min(1, 0.5 - outside) * opacity;
      if (cover <= 0) continue;
      const [px, py] = [x + 0.5 - size / 2, y + 0.5 - size / 2];
      const from = between(cos * px - sin * py + right - 0.5, sin * px + cos * py + down - 0.5, size);
      let change = 0;
      for (let c = 0; c < 3; c++) {
        let value = 0;
        for (const { index, weight } of from) value += source[c * plane + index]! * weight;
        const difference = value - image[c * plane + at]!;
        change += Math.abs(difference) / 3;
        image[c * plane + at]! += difference * cover;
      }
      onCover?.(at, cover, change);
    }
  }
}

/** The four pixels around a point and their bilinear weights; the plane is mirrored beyond its edges. */
function between(x: number, y: number, size: number): { index: number; weight: number }[] {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  return [0, 1].flatMap((j) =>
    [0, 1].map((i) => ({
      index: mirrored(top + j, size) * size + mirrored(left + i, size),
      weight: (i ? x - left : 1 - x + left) * (j ? y - top : 1 - y + top),
    })),
  );
}

/** The pixel at `at` of a line of `size` that is mirrored beyond its ends. */
export function mirrored(at: number, size: number): number {
  const period = ((at % (2 * size)) + 2 * size) % (2 * size);
  return Math.min(period, 2 * size - 1 - period);
}

/** Four half-planes around a centre; the area within all of them. */
function drawOutline(random: RandomStream, size: number): { cos: number; sin: number; offset: number }[] {
  const [x, y] = [random.between(4, size - 4), random.between(4, size - 4)];
  const heading = random.between(0, 2 * Math.PI);
  const radius = 2.5 + 12 * random.next() ** 2;
  return [0, 1, 2, 3].map((side) => {
    const angle = heading + (side * Math.PI) / 2 + random.between(-0.5, 0.5);
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    return { cos, sin, offset: cos * x + sin * y + radius * random.between(0.4, 1) };
  });
}
