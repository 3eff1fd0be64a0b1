import { FileError } from '../errors.ts';
import { type Address, withoutSecrets } from './address.ts';

/** Release pages need two. */
const MOST_REDIRECTS = 5;
const REDIRECTS = [301, 302, 303, 307, 308];
const FIX = 'check the connection, or name a mirror with --from URL';

/**
 * Asks for a file from a byte on, following redirects as long as none leads from https to anything else.
 * @throws FileError where there is no answer, or too many redirects.
 */
export async function ask(address: Address, from: number, signal: AbortSignal): Promise<Response> {
  let place = address;
  for (let step = 0; step <= MOST_REDIRECTS; step++) {
    const { url, headers } = place.request();
    const answer = await fetch(url, {
      headers: {
        ...headers,
        // Compressed answers would differ in length from the file.
        'accept-encoding': 'identity',
        ...(from > 0 && { range: `bytes=${from}-` }),
      },
      signal,
      redirect: 'manual',
    }).catch((error: Error) => {
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
  throw new FileError(`${address}: redirects more than ${MOST_REDIRECTS} times`, { fix: FIX });
}

function nextPlace(place: Address, location: string): Address {
  const next = place.redirected(location);
  if (next?.protocol === 'https:' || (next?.protocol === 'http:' && place.protocol === 'http:')) return next;
  throw new FileError(
    `${place}: redirects to ${location === '' ? 'nowhere' : withoutSecrets(location)}, expected ${place.protocol === 'https:' ? 'an https' : 'an http or https'} URL`,
    { fix: FIX },
  );
}
