/** jax-js on WebGPU. */
import { ConfigError } from '../../src/errors.ts';
import { tensorOf } from './fold.ts';
import type { PeerPackage } from './install.ts';
import { frozenOps, frozenTree, imageFeed, type Jax, type JaxArray, type JaxTree } from './jax.ts';
import { jaxCall } from './jaxCalls.ts';
import { jaxOperation } from './jaxOperation.ts';
import { jaxTraining } from './jaxTraining.ts';
import { classifierTrunk } from './networks.ts';
import type { Peer, PeerNetwork, PeerStart } from './peer.ts';

/** @throws ConfigError where its WebGPU device does not start. */
export async function jaxPeer(found: PeerPackage): Promise<Peer> {
  const jax = found.load() as Jax;
  const devices = await jax.init('webgpu');
  if (!devices.includes('webgpu')) {
    throw new ConfigError(`--peers jax-js: ${found.label} starts no WebGPU device, only ${devices}`, {
      fix: 'run `wgad doctor` to see whether there is an adapter',
    });
  }
  jax.defaultDevice('webgpu');
  return {
    name: 'jax-js',
    version: found.label,
    classifier: async (start) => openClassifier(jax, start),
    operation: async (start) => jaxOperation(jax, start),
    call: async (start) => jaxCall(jax, start),
    training: async (start, optimiser) => jaxTraining(jax, start, optimiser),
  };
}

function openClassifier(jax: Jax, start: PeerStart): PeerNetwork {
  const { config, tensors } = start;
  const { numpy } = jax;
  const arrays: JaxTree = {
    ...frozenTree(jax, start, (ops) => classifierTrunk(ops, null, config)),
    ...Object.fromEntries(
      ['fc.weight', 'fc.bias'].map((name) => {
        const { shape, data } = tensorOf(tensors, name);
        return [name, numpy.array(data, { shape })];
      }),
    ),
  };
  const feed = imageFeed(jax, start);
  const forward = jax.jit((weights: JaxTree, images: JaxArray): JaxArray => {
    const pooled = numpy.mean(classifierTrunk(frozenOps(jax, weights), images, config), [2, 3]);
    return numpy.matmul(pooled, weights['fc.weight']!.ref.transpose()).add(weights['fc.bias']!.ref);
  });
  return {
    run: (turn) => forward(jax.tree.ref(arrays), feed(turn)).data(),
    async close() {
      forward.dispose();
      jax.tree.dispose(arrays);
    },
  };
}
