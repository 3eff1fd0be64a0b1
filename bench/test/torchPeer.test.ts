import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alternate } from '../../src/bench/alternate.ts';
import { exitCodeOf } from '../../src/cli/exitCodes.ts';
import { ConfigError } from '../../src/errors.ts';
import { RESNETS } from '../../src/models/resnet.ts';
import { fc } from '../../test/property.ts';
import { timedBy } from '../duels/duel.ts';
import { loadPeers } from '../peers/loadPeers.ts';
import type { TorchName } from '../peers/peer.ts';
import { torchPeer } from '../peers/torch.ts';
import { type Frame, FrameReader, frameBytes } from '../peers/torchFrames.ts';
import { startTorch, type TorchWorker } from '../peers/torchWorker.ts';

describe('frames', () => {
  const shapes = fc.array(fc.nat(4), { maxLength: 3 });
  const frame = fc
    .record({ header: fc.dictionary(fc.stringMatching(/^x\w*$/), fc.string()), shapes: fc.array(shapes) })
    .map(({ header, shapes }): Frame => {
      const tensors = shapes.map((shape, i) => {
        const length = shape.reduce((a, b) => a * b, 1);
        return [`t${i}`, { shape, data: Float32Array.from({ length }, (_, k) => i + k / 7) }] as const;
      });
      return { header, tensors: new Map(tensors) };
    });

  it('frames arrive as they were sent, wherever chunks are cut', () => {
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 4 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
        (frames, cuts) => {
          const bytes = Buffer.concat(frames.flatMap((each) => [...frameBytes(each)]));
          const got: Frame[] = [];
          const reader = new FrameReader((each) => got.push(each));
          let at = 0;
          for (const cut of cuts) {
            if (at >= bytes.length) break;
            reader.push(bytes.subarray(at, at + cut));
            at += cut;
          }
          expect(got).toEqual(frames.map(({ header, tensors }) => ({ header: { ...header }, tensors })));
        },
      ),
    );
  });

  it('frames are refused where a line is not JSON', () => {
    expect(() => new FrameReader(() => {}).push(Buffer.from('Traceback\n'))).toThrow(SyntaxError);
  });
});

/** Stands in for bench/peers/torch_peer.py under Node: `answers` maps a request's op to the code of its reply. */
const fake = (facts: object, answers = ''): string => `
const send = (header, numbers = []) => {
  process.stdout.write(JSON.stringify({ ...header, tensors: numbers.length ? [['result', [numbers.length]]] : [] }) + '\\n');
  process.stdout.write(Buffer.from(Float32Array.from(numbers).buffer));
};
const answer = (request, sum) => { ${answers} };
send(${JSON.stringify(facts)});
let held = Buffer.alloc(0), request, wanted = 0;
process.stdin.on('data', (chunk) => {
  held = Buffer.concat([held, chunk]);
  for (;;) {
    if (!request) {
      const end = held.indexOf(10);
      if (end < 0) return;
      request = JSON.parse(held.subarray(0, end));
      held = held.subarray(end + 1);
      wanted = 4 * request.tensors.reduce((all, [, shape]) => all + shape.reduce((a, b) => a * b, 1), 0);
    }
    if (held.length < wanted) return;
    const sum = new Float32Array(Uint8Array.from(held.subarray(0, wanted)).buffer).reduce((a, b) => a + b, 0);
    held = held.subarray(wanted);
    const done = request;
    request = undefined;
    answer(done, sum);
  }
});
`;
const FACTS = { torch: '2.9.9', device: 'CPU', cuda: false, compiles: true, threads: 2, cudnn: null };

let folder = '';
const workers: TorchWorker[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgad-torch-'));
});
afterEach(() => {
  for (const worker of workers.splice(0)) worker.close();
  rmSync(folder, { recursive: true });
});

/** Node in place of Python. */
async function start(code: string): Promise<TorchWorker> {
  const script = join(folder, 'worker.mjs');
  writeFileSync(script, code);
  const worker = await startTorch('torch', process.execPath, script);
  workers.push(worker);
  return worker;
}

const failure = (started: Promise<unknown>): Promise<ConfigError> =>
  started.then(
    () => {
      throw new Error('expected a failure');
    },
    (error: ConfigError) => error,
  );

describe('PyTorch that is not there is a usage error that says what would be right', () => {
  it('a PyTorch peer without an interpreter is a usage error', async () => {
    const error = await failure(loadPeers(['torch'], { python: join(folder, 'python') }));
    expect(error).toBeInstanceOf(ConfigError);
    expect(exitCodeOf(error)).toBe(2);
    expect(error.message).toMatch(/^--peers torch: .*python does not start: .*ENOENT/);
    expect(error.fix).toContain('set WGAD_PYTHON to a Python');
  });

  it('a PyTorch peer whose interpreter lacks PyTorch is a usage error', async () => {
    const error = await failure(start(`console.log('{"error": "No module named torch"}'); process.exit(1)`));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toContain('has no PyTorch: No module named torch');
    expect(error.fix).toContain('pip install torch');
  });

  it('a PyTorch process that ends is a usage error with its last words', async () => {
    const error = await failure(start(`process.stderr.write('libcuda is broken'); process.exitCode = 3`));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toContain('it ended with code 3: libcuda is broken');
  });

  it('a PyTorch process that says something else is a usage error', async () => {
    const error = await failure(start(`console.log('Hello'); setInterval(() => {}, 1000)`));
    expect(error.message).toContain('something else than frames');
  });

  it('a PyTorch peer without its script is a usage error', async () => {
    const error = await failure(startTorch('torch', process.execPath, join(folder, 'none.py')));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.fix).toContain('checkout of the repository');
  });

  it.each([
    ['torch-compiled', { compiles: false }, 'torch 2.9.9 on CPU, 2 threads has no torch.compile'],
    ['torch-compiled-f16', { compiles: false }, 'expected PyTorch 2.1 or newer'],
    ['torch-tf32', {}, 'has no CUDA device, and only those have TF32'],
    ['torch-compiled-tf32', {}, 'has no CUDA device'],
  ] as const)('the PyTorch peer %s with %j is a usage error', async (name, facts, message) => {
    const worker = await start(fake({ ...FACTS, ...facts }));
    expect(() => torchPeer(name, worker)).toThrow(ConfigError);
    expect(() => torchPeer(name, worker)).toThrow(message);
  });
});

describe('a network in the process', () => {
  const inputs = [Float32Array.from({ length: 3 * 64 * 64 }, () => 2), new Float32Array(3 * 64 * 64)];
  const tensors = new Map([['w', { shape: [300_000], data: new Float32Array(300_000).fill(1) }]]);
  const asked = { config: RESNETS.resnet18_w16, tensors, batch: 1, size: 64, inputs };
  const open = async (answers: string, name: TorchName = 'torch') =>
    torchPeer(name, await start(fake({ ...FACTS, device: 'A card', cuda: true, cudnn: 9 }, answers)));

  it('a PyTorch process is sent tensors and inputs once, runs by turn, and reports its own time', async () => {
    const peer = await open(`
      if (request.op === 'open') {
        globalThis.sum = sum;
        globalThis.asked = request;
        send({ id: 7, detail: 'as fast as it goes' });
      } else send({ ms: 12.5 }, [globalThis.sum, request.turn, request.id, request.tensors.length]);
    `);
    expect(peer).toMatchObject({ version: 'torch 2.9.9 on A card, cuDNN 9', adapter: 'A card' });
    const network = await peer.scoring!(asked, { scoreFraction: 0.01 });
    expect(network.detail).toBe('as fast as it goes');
    expect([...(await network.run(4))]).toEqual([300_000 + 2 * 3 * 64 * 64, 4, 7, 0]);
    expect(network.ownMs!()).toBe(12.5);
    await network.close();
  });

  it('a PyTorch process says which settings it is asked for', async () => {
    const peer = await open(`send({ error: JSON.stringify(request) })`, 'torch-compiled-tf32');
    const error = await failure(peer.scoring!(asked, { scoreFraction: 0.02 }));
    const request = JSON.parse(error.message.slice(error.message.indexOf('{')));
    expect(request).toMatchObject({
      network: 'scoring',
      settings: { compiled: true, arithmetic: 'tf32' },
      ...{ batch: 1, size: 64, scoreFraction: 0.02, config: RESNETS.resnet18_w16 },
      tensors: [
        ['w', [300_000]],
        ['input 0', [1, 3, 64, 64]],
        ['input 1', [1, 3, 64, 64]],
      ],
    });
  });

  it('a failure in PyTorch is a typed error with its words, and the process goes on', async () => {
    const peer = await open(`
      if (request.op === 'open') send({ id: 0, detail: '' });
      else if (request.turn === 1) send({ error: 'RuntimeError: out of memory' });
      else send({ ms: 1 }, [5]);
    `);
    const network = await peer.classifier(asked);
    const error = await failure(network.run(1));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toBe('--peers torch: torch 2.9.9 on A card, cuDNN 9: RuntimeError: out of memory');
    expect([...(await network.run(0))]).toEqual([5]);
  });

  it('a PyTorch process that ends while it is asked is a typed error', async () => {
    const peer = await open(`process.stderr.write('Killed'); process.exit(9);`);
    const error = await failure(peer.classifier(asked));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toContain('it ended with code 9: Killed');
    await expect(peer.classifier(asked)).rejects.toThrow('it ended with code 9');
  });

  it('a PyTorch network in f16 is not trained', async () => {
    expect((await open('', 'torch-f16')).training).toBeUndefined();
    expect((await open('', 'torch-tf32')).training).toBeDefined();
  });
});

it('counts what an engine in another process says it took, and not the way there', async () => {
  let time = 0;
  const peer = { ownMs: () => 30, close: async () => {} };
  const theirs = timedBy(peer, async () => void (time += 1000));
  const duel = await alternate(
    async () => void (time += 10),
    theirs,
    3,
    () => time,
  );
  expect(duel.theirs).toEqual({ medianMs: 30, p10Ms: 30, p90Ms: 30, runs: 3 });
  expect(duel.ratio).toBe(3);
});
