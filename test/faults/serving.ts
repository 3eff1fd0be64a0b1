import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { start } from '../cli/wgad.ts';
import { type TinyRun, verdictOf } from './tinyRun.ts';

/** How a request ended. */
export interface Answer {
  /** Whether the server had taken the request before its body was sent. */
  readonly taken: boolean;
  /** null: the connection ended before a whole answer. */
  readonly status: number | null;
  /** What is wrong with a whole answer, or null. */
  readonly wrong: string | null;
}

/** `wgad serve` of the tiny run at a free port; `url` settles once it listens and its run is open, null if it ends before. */
export function startServing(
  { path }: TinyRun,
  env: Record<string, string> = {},
): ReturnType<typeof start> & { readonly url: Promise<string | null> } {
  const started = start(['serve', path('first'), '--port', '0'], env);
  let said = '';
  const listens = new Promise<string>((settle) => {
    started.child.stdout!.on('data', (data: Buffer) => {
      said += data.toString();
      const found = /http:\/\/\S+/.exec(said);
      if (found) settle(found[0]);
    });
  });
  return { ...started, url: Promise.race([listens, started.done.then(() => null)]) };
}

/**
 * Asks for the verdict of one image, and compares it with that of `predict`. The body is sent once the server has said
 * that it takes the request, so that `taken` is known. @param onTaken told of that.
 */
export async function askFor(
  url: string,
  image: string,
  verdict: string,
  onTaken: () => void = () => {},
): Promise<Answer> {
  const bytes = await readFile(image);
  let taken = false;
  return new Promise((settle) => {
    const broken = (): void => settle({ taken, status: null, wrong: null });
    const asked = request(`${url}/v1/predict`, {
      method: 'POST',
      agent: false,
      headers: { 'content-type': 'image/png', 'content-length': bytes.length, expect: '100-continue' },
    });
    asked.on('continue', () => {
      taken = true;
      onTaken();
      asked.end(bytes);
    });
    asked.on('error', broken);
    asked.on('response', (response) => {
      let text = '';
      response.on('error', broken).on('aborted', broken);
      response.on('data', (piece: Buffer) => {
        text += piece.toString();
      });
      response.on('end', () => {
        const status = response.statusCode!;
        settle({ taken, status, wrong: whyWrong(status, text, verdict) });
      });
    });
    asked.flushHeaders();
  });
}

function whyWrong(status: number, text: string, verdict: string): string | null {
  if (status === 503) return null;
  try {
    const said = status === 200 ? verdictOf(JSON.parse(text).results[0]) : null;
    return said === verdict ? null : `${status}: ${text.slice(0, 300)}`;
  } catch {
    return `${status}, no JSON: ${text.slice(0, 300)}`;
  }
}
