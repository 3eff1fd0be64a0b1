import type { RandomStream } from '../../src/random.ts';

/**
 * A file with faults in it, as links, disks and hands make them: bytes changed, a run of them zeroed or moved, a number
 * made huge, the end cut off. The one mutator of the suite: what it does follows from `random` alone.
 */
export function mutated(original: Uint8Array, random: RandomStream): Uint8Array {
  const bytes = Uint8Array.from(original);
  const { length } = bytes;
  const changes = 1 + random.integer(4);
  for (let i = 0; i < changes; i++) change(bytes, random);
  return random.integer(4) === 0 ? bytes.subarray(0, random.integer(length)) : bytes;
}

function change(bytes: Uint8Array, random: RandomStream): void {
  const { length } = bytes;
  const at = random.integer(length);
  const kind = random.integer(10);
  if (kind < 6) bytes[at] = random.integer(256);
  else if (kind === 6) bytes.fill(0, at, at + random.integer(64));
  else if (kind === 7) bytes.fill(0xff, at, at + 1 + random.integer(8));
  else if (kind === 8) bytes.copyWithin(at, random.integer(length), Math.min(length, at + 64));
  // A header's faults count for more than those of its numbers.
  else bytes[random.integer(Math.min(length, 256))]! ^= 1 << random.integer(8);
}
