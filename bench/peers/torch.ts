/** PyTorch, eager or by `torch.compile`, with its products in f32 or TF32, or its networks in f16; see bench/README.md. */
import { ConfigError } from '../../src/errors.ts';
import type { StateDict } from '../../src/nn/init.ts';
import type { OperationStart, PeerKernel } from './operation.ts';
import {
  KERNEL_PEERS,
  type Peer,
  type PeerNetwork,
  type PeerStart,
  type PeerTraining,
  TORCH_PEERS,
  type TorchName,
  type TorchSettings,
  TRAINING_PEERS,
} from './peer.ts';
import type { PeerRuns } from './runs.ts';
import type { Frame } from './torchFrames.ts';
import { TORCH_FIX, type TorchFacts, type TorchWorker } from './torchWorker.ts';

/** @throws ConfigError where this PyTorch or its device lacks what the settings ask. */
export function torchPeer(name: TorchName, worker: TorchWorker): Peer {
  const settings = TORCH_PEERS[name];
  const { facts } = worker;
  const version = describe(facts);
  if (settings.compiled && !facts.compiles) {
    throw new ConfigError(`--peers ${name}: ${version} has no torch.compile, expected PyTorch 2.1 or newer`, {
      fix: TORCH_FIX,
    });
  }
  if (settings.arithmetic === 'tf32' && !facts.cuda) {
    throw new ConfigError(`--peers ${name}: ${version} has no CUDA device, and only those have TF32`, {
      fix: 'leave it out, or install PyTorch with CUDA and a driver (nvidia-smi shows whether there is one)',
    });
  }
  const open = (network: string, start: PeerStart, more: Frame['header'] = {}): Promise<TorchNetwork> =>
    openTorch({ name, version, worker }, { network, settings, ...more }, start);
  return {
    name,
    version,
    adapter: facts.device,
    arithmetic: settings.arithmetic,
    classifier: async (start) => networkOf(await open('classifier', start)),
    scoring: async (start, rule) => networkOf(await open('scoring', start, { ...rule })),
    ...(KERNEL_PEERS.includes(name) && {
      operation: (start) => openOperation({ name, version, worker }, settings, start),
    }),
    ...(TRAINING_PEERS.includes(name) && {
      training: async (start, optimiser) => trainingOf(await open('training', start, { optimiser })),
    }),
  };
}

function describe({ torch, device, cuda, cudnn, threads }: TorchFacts): string {
  const where = cuda
    ? `${device}, cuDNN ${cudnn}`
    : `${device}, ${threads} thread${threads === 1 ? '' : 's'}`;
  return `torch ${torch} on ${where}`;
}

/** A network in the process. */
interface TorchNetwork extends Required<PeerRuns> {
  run(turn: number): Promise<Float32Array>;
  moments(): Promise<StateDict>;
}

interface Asked {
  readonly name: TorchName;
  readonly version: string;
  readonly worker: TorchWorker;
}

/** Requests to the process, whose failures are usage errors that name the peer. */
const asker =
  ({ name, version, worker }: Asked) =>
  (header: Frame['header'], sent?: StateDict): Promise<Frame> =>
    worker.ask(header, sent).catch((cause: Error) => {
      throw new ConfigError(`--peers ${name}: ${version}: ${cause.message}`, {
        fix: `leave this peer out, or ${TORCH_FIX}`,
        cause,
      });
    });

/** One operation, its operands on the device. */
async function openOperation(
  asked: Asked,
  settings: TorchSettings,
  { operation, left, right }: OperationStart,
): Promise<PeerKernel> {
  const ask = asker(asked);
  const sent = new Map([
    ['left', left],
    ['right', right],
  ]);
  const { header } = await ask({ op: 'open', network: 'operation', settings, operation }, sent);
  const { id, detail } = header as { id: number; detail: string };
  let replayed: Promise<Frame> | undefined;
  return {
    detail,
    run: async () => (await ask({ op: 'run', id, turn: 0 })).tensors.get('result')!.data,
    onDevice: {
      enqueue(repeats) {
        replayed = ask({ op: 'replay', id, repeats });
      },
      finish: async () => ({ ms: (await replayed!).header.ms as number }),
    },
    close: async () => void (await ask({ op: 'close', id })),
  };
}

/** Sends the tensors and the inputs, once: runs then only say whose turn it is. */
async function openTorch(
  asked: Asked,
  request: Frame['header'],
  { config, tensors, batch, size, inputs }: PeerStart,
): Promise<TorchNetwork> {
  const ask = asker(asked);
  const images = inputs.map((data, i) => [`input ${i}`, { shape: [batch, 3, size, size], data }] as const);
  const sent: StateDict = new Map([...tensors, ...images]);
  const { header } = await ask({ op: 'open', ...request, config, batch, size }, sent);
  const { id, detail } = header as { id: number; detail: string };
  let lastMs = Number.NaN;
  return {
    detail,
    ownMs: () => lastMs,
    async run(turn) {
      const reply = await ask({ op: 'run', id, turn });
      lastMs = reply.header.ms as number;
      return reply.tensors.get('result')!.data;
    },
    moments: async () => (await ask({ op: 'moments', id })).tensors,
    close: async () => void (await ask({ op: 'close', id })),
  };
}

const networkOf = ({ detail, ownMs, run, close }: TorchNetwork): PeerNetwork => ({
  detail,
  ownMs,
  run,
  close,
});

const trainingOf = ({ detail, ownMs, run, moments, close }: TorchNetwork): PeerTraining => ({
  detail,
  ownMs,
  step: async (turn) => (await run(turn))[0]!,
  moments,
  close,
});
