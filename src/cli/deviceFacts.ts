/** The flag `--device`: facts of a device that need not be there. */
import { InvalidArgumentError } from 'commander';
import { DEVICES } from '../kernels/devices.ts';
import { BASELINE_DEVICE, DEVICE_FACTS, type DeviceFacts, GPU_FAMILIES } from '../kernels/kernel.ts';
import { givenTwice, withNearest } from '../options.ts';

export const DEVICE_HELP = `what the kernels are for: ${Object.keys(DEVICES).join(', ')}, and facts to change, as in gpu,subgroupSize=32,f16`;

/** @throws InvalidArgumentError for a device or fact that is not known, or a value that a fact cannot have. */
export function deviceFacts(text: string): DeviceFacts {
  const [first, ...rest] = text.split(',').map((part) => part.trim()) as [string, ...string[]];
  const named = Object.hasOwn(DEVICES, first);
  if (!named && !first.includes('=') && !Object.hasOwn(DEVICE_FACTS, first)) {
    const known = [...Object.keys(DEVICES), ...Object.keys(DEVICE_FACTS)];
    throw new InvalidArgumentError(
      `expects ${Object.keys(DEVICES).join(', ')} or a fact such as subgroupSize=32, got ${withNearest(first, known)}.`,
    );
  }
  const base: DeviceFacts = named ? DEVICES[first as keyof typeof DEVICES] : BASELINE_DEVICE;
  const changes = (named ? rest : [first, ...rest]).map(factOf);
  const twice = givenTwice(changes.map(([name]) => name));
  if (twice !== undefined) throw new InvalidArgumentError(`expects each fact once, got ${twice} twice.`);
  return { ...base, ...Object.fromEntries(changes) };
}

function factOf(text: string): [string, unknown] {
  const [name, value = 'true', ...more] = text.split('=') as [string, string?, ...string[]];
  if (!Object.hasOwn(DEVICE_FACTS, name) || more.length > 0) {
    const known = Object.keys(DEVICE_FACTS);
    throw new InvalidArgumentError(`expects facts ${known.join(', ')}, got ${withNearest(name, known)}.`);
  }
  if (name === 'software' || name === 'f16') {
    if (value !== 'true' && value !== 'false') {
      throw new InvalidArgumentError(`${name} expects true or false, got ${value}.`);
    }
    return [name, value === 'true'];
  }
  if (name === 'family') {
    if (!(GPU_FAMILIES as readonly string[]).includes(value)) {
      throw new InvalidArgumentError(
        `family expects ${GPU_FAMILIES.join(', ')}, got ${withNearest(value, GPU_FAMILIES)}.`,
      );
    }
    return [name, value];
  }
  if (name === 'subgroupMatrix') {
    const sizes = value.split('x').map(Number);
    if (sizes.length !== 3 || !sizes.every((size) => Number.isInteger(size) && size >= 1)) {
      throw new InvalidArgumentError(`subgroupMatrix expects sizes such as 16x16x16, got ${value}.`);
    }
    const [m, n, k] = sizes;
    return [name, { m, n, k }];
  }
  const number = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(number)) {
    throw new InvalidArgumentError(`${name} expects a whole number, got ${value}.`);
  }
  if (name === 'subgroupSize' && number !== 0 && !SUBGROUPS.includes(number)) {
    throw new InvalidArgumentError(`subgroupSize expects 0 or a power of two up to 128, got ${value}.`);
  }
  return [name, number];
}

/** Sizes that WebGPU allows. */
const SUBGROUPS = [4, 8, 16, 32, 64, 128];
