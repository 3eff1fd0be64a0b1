/** PyTorch as a child process: `bench/peers/torch_peer.py` under the Python that `WGAD_PYTHON` names. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../../src/errors.ts';
import { type Frame, FrameReader, frameBytes } from './torchFrames.ts';

/** In a checkout only, as the other peers. */
const TORCH_SCRIPT = fileURLToPath(new URL('./torch_peer.py', import.meta.url));

/** What the process says of itself. */
export interface TorchFacts {
  readonly torch: string;
  /** Name of the CUDA device, or `CPU`. */
  readonly device: string;
  readonly cuda: boolean;
  /** Whether there is a `torch.compile`. */
  readonly compiles: boolean;
  /** Of the CPU. */
  readonly threads: number;
  readonly cudnn: number | null;
}

export interface TorchWorker {
  readonly facts: TorchFacts;
  /** One request after another. @throws Error with what PyTorch said where it failed, or with how the process ended. */
  ask(header: Frame['header'], tensors?: Frame['tensors']): Promise<Frame>;
  /** Ends the process. */
  close(): void;
}

export const TORCH_FIX =
  'set WGAD_PYTHON to a Python 3.8 or newer with PyTorch (python3 -m pip install torch brings it, on Linux with CUDA)';
const STDERR_CHARACTERS = 1500;

/**
 * @param peer as in `--peers`, for errors
 * @param python default: `WGAD_PYTHON`, or `python3`
 * @throws ConfigError where there is no such interpreter, no PyTorch in it, or no script
 */
export async function startTorch(
  peer: string,
  python = process.env.WGAD_PYTHON ?? 'python3',
  script = TORCH_SCRIPT,
): Promise<TorchWorker> {
  if (!existsSync(script)) {
    throw new ConfigError(`--peers ${peer}: ${script} is not there`, {
      fix: 'run this from a checkout of the repository, which has bench/peers/torch_peer.py',
    });
  }
  const child = spawn(python, [script], { stdio: 'pipe' });
  const frames = answersOf(child);
  const failed = (what: string): ConfigError =>
    new ConfigError(`--peers ${peer}: ${what}`, { fix: TORCH_FIX });
  try {
    const { header } = await frames.next();
    if (header.error !== undefined) throw failed(`${python} has no PyTorch: ${header.error}`);
    return {
      facts: header as unknown as TorchFacts,
      ask: (asked, sent = new Map()) => frames.ask({ header: asked, tensors: sent }),
      close: frames.close,
    };
  } catch (error) {
    frames.close();
    if (error instanceof ConfigError) throw error;
    throw failed(`${python} does not start: ${(error as Error).message}`);
  }
}

/** The replies of a process, in the order of the requests. */
function answersOf(child: ChildProcessWithoutNullStreams) {
  const arrived: Frame[] = [];
  let complaint = '';
  let ended: Error | undefined;
  let wake = (): void => {};
  const end = (error: Error): void => {
    ended ??= error;
    wake();
  };
  const reader = new FrameReader((frame) => {
    arrived.push(frame);
    wake();
  });
  child.stdout.on('data', (chunk: Buffer) => {
    try {
      reader.push(chunk);
    } catch (error) {
      end(new Error(`it answers something else than frames: ${(error as Error).message}`));
    }
  });
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-STDERR_CHARACTERS);
  });
  child.on('error', end);
  child.on('close', (code, signal) =>
    end(new Error(`it ended with ${signal ?? `code ${code}`}${complaint ? `: ${complaint.trim()}` : ''}`)),
  );
  // Writing to a process that has ended: `close` says why.
  child.stdin.on('error', () => {});
  const next = async (): Promise<Frame> => {
    while (arrived.length === 0) {
      if (ended) throw ended;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return arrived.shift()!;
  };
  let turn: Promise<unknown> = Promise.resolve();
  const exchange = async (request: Frame): Promise<Frame> => {
    for (const bytes of frameBytes(request)) {
      if (ended) throw ended;
      await new Promise<void>((resolve) => child.stdin.write(bytes, () => resolve()));
    }
    const reply = await next();
    if (reply.header.error !== undefined) throw new Error(String(reply.header.error));
    return reply;
  };
  return {
    next,
    ask(request: Frame): Promise<Frame> {
      const reply = turn.then(() => exchange(request));
      turn = reply.catch(() => {});
      return reply;
    },
    close(): void {
      child.stdin.end();
      child.kill();
    },
  };
}
