import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** A Chromium on this machine: `WGAD_CHROMIUM`, else one of the usual names; undefined where there is none, or none is wanted. */
export function findChromium(): string | undefined {
  const named = process.env.WGAD_CHROMIUM;
  if (named !== undefined) return named || undefined;
  for (const name of NAMES) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    } catch {
      // Not under this name.
    }
  }
  return undefined;
}

/** What a page did and shows. */
export interface Opened {
  /** Everything that it asked for, by address. */
  readonly requests: readonly string[];
  /** Errors and warnings of the console and of the browser about the page. */
  readonly complaints: readonly string[];
  /** The value of an expression in the page, or of its promise. @throws Error with what it threw. */
  evaluate<T>(expression: string): Promise<T>;
  /** Gives the window this width in pixels; the page is laid out anew. */
  resize(width: number): Promise<void>;
  /** The whole page as PNG. */
  screenshot(): Promise<Buffer>;
  close(): Promise<void>;
}

/** WebGPU on the processor, with SwiftShader that comes with Chromium. */
export const SOFTWARE_WEBGPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

/** Opens an address in a headless Chromium of its own, over the DevTools protocol on a pipe. */
export async function openInChromium(
  executable: string,
  address: string,
  flags: readonly string[] = ['--disable-gpu'],
): Promise<Opened> {
  const profile = await mkdtemp(join(tmpdir(), 'wgad-chromium-'));
  const child = spawn(
    executable,
    [
      '--headless=new',
      '--no-sandbox',
      ...flags,
      '--no-first-run',
      '--remote-debugging-pipe',
      `--user-data-dir=${profile}`,
      '--window-size=1280,900',
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
  );
  const pipe = protocolOver(child);
  const requests: string[] = [];
  const complaints: string[] = [];
  const { targetId } = await pipe.send<{ targetId: string }>('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await pipe.send<{ sessionId: string }>('Target.attachToTarget', {
    targetId,
    flatten: true,
  });
  const send = <T>(method: string, params: object = {}): Promise<T> =>
    pipe.send<T>(method, params, sessionId);
  pipe.on('Network.requestWillBeSent', (event) => {
    requests.push((event as { request: { url: string } }).request.url);
  });
  pipe.on('Log.entryAdded', (event) => complaints.push((event as { entry: { text: string } }).entry.text));
  pipe.on('Runtime.exceptionThrown', (event) => complaints.push(JSON.stringify(event)));
  for (const domain of ['Page', 'Network', 'Log', 'Runtime']) await send(`${domain}.enable`);
  const loaded = new Promise<void>((resolve) => pipe.on('Page.loadEventFired', () => resolve()));
  await send('Page.navigate', { url: address });
  await loaded;
  return {
    requests,
    complaints,
    async evaluate<T>(expression: string) {
      const { result, exceptionDetails } = await send<{
        result: { value: T; description?: string };
        exceptionDetails?: object;
      }>('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
      if (exceptionDetails) throw new Error(result.description ?? JSON.stringify(exceptionDetails));
      return result.value;
    },
    async resize(width: number) {
      const mobile = false;
      await send('Emulation.setDeviceMetricsOverride', { width, height: 900, deviceScaleFactor: 1, mobile });
    },
    async screenshot() {
      const { data } = await send<{ data: string }>('Page.captureScreenshot', {
        captureBeyondViewport: true,
      });
      return Buffer.from(data, 'base64');
    },
    async close() {
      const ended = new Promise((resolve) => child.once('close', resolve));
      await pipe.send('Browser.close').catch(() => {});
      await ended;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** Messages are JSON with a zero byte behind each. */
function protocolOver(child: ChildProcess) {
  const [, , , to, from] = child.stdio as unknown as [null, null, null, Writable, Readable];
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  const listeners = new Map<string, ((params: unknown) => void)[]>();
  let last = 0;
  let rest = '';
  from.setEncoding('utf8');
  from.on('data', (text: string) => {
    const parts = (rest + text).split('\0');
    rest = parts.pop()!;
    for (const part of parts) take(JSON.parse(part) as Message);
  });
  child.on('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('the browser ended'));
  });
  child.on('error', (error) => {
    for (const { reject } of waiting.values()) reject(error);
  });
  const take = ({ id, method, params, result, error }: Message): void => {
    if (id === undefined) for (const listener of listeners.get(method ?? '') ?? []) listener(params);
    else if (error) waiting.get(id)?.reject(new Error(error.message));
    else waiting.get(id)?.resolve(result);
  };
  return {
    on(method: string, listener: (params: unknown) => void): void {
      listeners.set(method, [...(listeners.get(method) ?? []), listener]);
    },
    send<T>(method: string, params: object = {}, sessionId?: string): Promise<T> {
      const id = ++last;
      to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
      return new Promise<T>((resolve, reject) =>
        waiting.set(id, { resolve: (value) => resolve(value as T), reject }),
      );
    },
  };
}
