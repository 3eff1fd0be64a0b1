/** Records in the fragment of an address, which browsers send to no server: JSON, deflated, in base64url. */
import type { BenchRecord } from '../../../src/bench/record.ts';
import { recordsIn } from '../../../src/bench/recordList.ts';
import { ConfigError, FileError } from '../../../src/errors.ts';

const LEAD = '#records=';
/** Mail and chat programs cut longer addresses. */
export const MOST_CHARACTERS = 16_000;
/** Characters that a link may unfold to: one of a stranger's could fill the memory. */
const MOST_UNFOLDED = 4_000_000;
/** Digits of numbers in a link: more would be half of it. */
const DIGITS = 6;
const NAME = 'the link';

/** @returns whether an address holds records. */
export const hasRecords = (fragment: string): boolean => fragment.startsWith(LEAD);

/** @throws ConfigError where the address would be too long. */
export async function linkOf(address: string, records: readonly BenchRecord[]): Promise<string> {
  const json = JSON.stringify(records, (_, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : value,
  );
  const packed = new Blob([json]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  const bytes = new Uint8Array(await new Response(packed).arrayBuffer());
  const link = `${address.split('#')[0]}${LEAD}${base64Url(bytes)}`;
  if (link.length <= MOST_CHARACTERS) return link;
  throw new ConfigError(
    `${records.length} records make a link of ${link.length} characters, and programs cut those above ${MOST_CHARACTERS}`,
    { fix: 'save them as a file' },
  );
}

/** @throws FileError where it was cut or edited. */
export async function recordsOfLink(fragment: string): Promise<BenchRecord[]> {
  const damaged = (cause?: unknown): FileError =>
    new FileError(`${NAME} was cut, or is no link of this page`, {
      fix: 'ask for it again, or for the file',
      cause,
    });
  let read: unknown;
  try {
    read = JSON.parse(await unfolded(bytesOf(fragment.slice(LEAD.length))));
  } catch (cause) {
    throw damaged(cause);
  }
  return recordsIn(NAME, read);
}

async function unfolded(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const reader = new Blob([bytes])
    .stream()
    .pipeThrough(new DecompressionStream('deflate-raw'))
    .pipeThrough(new TextDecoderStream('utf-8', { fatal: true }))
    .getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += value;
    if (text.length > MOST_UNFOLDED) {
      await reader.cancel();
      throw new Error(`more than ${MOST_UNFOLDED} characters`);
    }
  }
}

const base64Url = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

const bytesOf = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
