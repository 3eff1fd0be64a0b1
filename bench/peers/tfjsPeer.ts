/** TensorFlow.js on its WebGPU backend. */
import { ConfigError } from '../../src/errors.ts';
import { tensorOf } from './fold.ts';
import type { PeerPackage } from './install.ts';
import { permute } from './layout.ts';
import { classifierTrunk } from './networks.ts';
import type { Peer, PeerNetwork, PeerStart } from './peer.ts';
import { frozenOps, imageFeed, type Tfjs } from './tfjs.ts';
import { tfjsCall } from './tfjsCalls.ts';
import { tfjsOperation } from './tfjsOperation.ts';
import { tfjsTraining } from './tfjsTraining.ts';

const BACKEND = 'webgpu';

/** @throws ConfigError where its WebGPU backend does not start. */
export async function tfjsPeer(backend: PeerPackage, core: PeerPackage): Promise<Peer> {
  const tf = core.load() as Tfjs;
  backend.load(); // registers itself, if navigator.gpu is there
  const started = await tf.setBackend(BACKEND).catch(() => false);
  if (!started) {
    throw new ConfigError(`--peers tfjs-webgpu: the WebGPU backend of ${backend.label} does not start`, {
      fix: 'run `wgad doctor` to see whether there is an adapter',
    });
  }
  return {
    name: 'tfjs-webgpu',
    version: backend.label,
    classifier: async (start) => openClassifier(tf, start),
    operation: async (start) => tfjsOperation(tf, start),
    call: async (start) => tfjsCall(tf, start),
    training: async (start, optimiser) => tfjsTraining(tf, start, optimiser),
  };
}

function openClassifier(tf: Tfjs, start: PeerStart): PeerNetwork {
  const ops = frozenOps(tf, start);
  const feed = imageFeed(tf, start);
  const { shape, data } = tensorOf(start.tensors, 'fc.weight');
  const weight = tf.tensor(permute(data, shape, [1, 0]), [shape[1]!, shape[0]!]);
  const bias = tf.tensor(tensorOf(start.tensors, 'fc.bias').data, [shape[0]!]);
  return {
    async run(turn) {
      const logits = tf.tidy(() => {
        const pooled = tf.mean(classifierTrunk(ops, feed(turn), start.config), [1, 2]);
        return tf.add(tf.matMul(pooled, weight), bias);
      });
      const numbers = await logits.data();
      logits.dispose();
      return numbers;
    },
    async close() {
      ops.dispose();
      tf.dispose([weight, bias]);
    },
  };
}
