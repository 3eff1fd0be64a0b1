import { FileError, shown } from '../errors.ts';

/** Release pages need two. */
const MOST_REDIRECTS = 5;
const REDIRECTS = [301, 302, 303, 307, 308];
const FIX = 'check the connection, or name a mirror with --from URL';

/**
 * Asks for a file from a byte on, following redirects as long as none leads from https to anything else.
 * @throws FileError where there is no answer, or too many redirects.
 */
export async function ask(url: string, from: number, signal: AbortSignal): Promise<Response> {
  // Compressed answers would differ in length from the file.
  const headers: Record<string, string> = { 'accept-encoding': 'identity' };
  if (from > 0) headers.range = `bytes=${from}-`;
  let place = url;
  for (let step = 0; step <= MOST_REDIRECTS; step++) {
    const answer = await fetch(place, { headers, signal, redirect: 'manual' }).catch((error: Error) => {
      const { cause } = error;
      const why =
        cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code : error.message;
      throw new FileError(`${place}: no answer: ${why}`, { fix: FIX, cause: error });
    });
    if (!REDIRECTS.includes(answer.status)) return answer;
    const location = answer.headers.get('location') ?? '';
    await answer.body?.cancel();
    place = nextPlace(place, location);
  }
  throw new FileError(`${url}: redirects more than ${MOST_REDIRECTS} times`, { fix: FIX });
}

function nextPlace(place: string, location: string): string {
  const next = location !== '' && URL.canParse(location, place) ? new URL(location, place) : undefined;
  const { protocol } = new URL(place);
  const may = next?.protocol === 'https:' || (next?.protocol === 'http:' && protocol === 'http:');
  if (next && may) return next.href;
  throw new FileError(
    `${place}: redirects to ${location === '' ? 'nowhere' : shown(location)}, expected ${protocol === 'https:' ? 'an https' : 'an http or https'} URL`,
    { fix: FIX },
  );
}
