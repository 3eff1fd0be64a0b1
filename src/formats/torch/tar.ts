import { shown, WeightsError } from '../../errors.ts';
import type { ByteSource } from '../byteSource.ts';

/** Where a member's bytes lie in the archive. */
export interface TarMember {
  readonly at: number;
  readonly size: number;
}

const BLOCK = 512;
const MAX_MEMBERS = 1000;
/** Types of regular files; others carry no data of their own or describe the next member. */
const REGULAR = [0, 0x30];

/** True for bytes that begin a tar archive: its first header, 512 bytes, says its own sum. */
export function beginsTar(lead: Uint8Array): boolean {
  if (lead.length < BLOCK) return false;
  // A safetensors file can have any text at 257, but its length leaves byte 7 zero.
  return checksumFits(lead) || (lead[7] !== 0 && ascii(lead, 257, 5) === 'ustar');
}

/** The regular members of a tar archive by name. @throws WeightsError for damaged headers and repeated names. */
export async function readTar(source: ByteSource): Promise<Map<string, TarMember>> {
  const fail = (what: string): never => {
    throw new WeightsError(`${source.path}: not a readable tar archive: ${what}`);
  };
  const members = new Map<string, TarMember>();
  let count = 0;
  for (let at = 0; at + BLOCK <= source.size; ) {
    const header = await source.read(at, BLOCK);
    // Two empty blocks end an archive; one is enough to see it.
    if (header.every((byte) => byte === 0)) break;
    if (!checksumFits(header)) fail(`the header at byte ${at} is damaged`);
    if (++count > MAX_MEMBERS) fail(`holds more than ${MAX_MEMBERS} members`);
    const size = octal(header, 124, 12);
    const name = ascii(header, 0, 100).replace(/^\.\//, '');
    if (size === null || at + BLOCK + size > source.size) return fail(`${shown(name)} is cut short`);
    if (REGULAR.includes(header[156]!)) {
      if (members.has(name)) fail(`two members are called ${shown(name)}`);
      members.set(name, { at: at + BLOCK, size });
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return members;
}

/** The sum of a header's bytes, its own field counted as spaces. */
function checksumFits(header: Uint8Array): boolean {
  let sum = 8 * 0x20;
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += header[i]!;
  return sum === octal(header, 148, 8);
}

function octal(bytes: Uint8Array, from: number, length: number): number | null {
  const digits = ascii(bytes, from, length).trim();
  return /^[0-7]{1,12}$/.test(digits) ? Number.parseInt(digits, 8) : null;
}

/** Up to the first zero byte. */
function ascii(bytes: Uint8Array, from: number, length: number): string {
  const field = bytes.subarray(from, from + length);
  const end = field.indexOf(0);
  return String.fromCharCode(...(end < 0 ? field : field.subarray(0, end)));
}
