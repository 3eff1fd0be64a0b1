import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { alternate } from '../../src/bench/alternate.ts';
import { randomNumbers } from '../../src/bench/randomNetwork.ts';
import { EXIT } from '../../src/cli/exitCodes.ts';
import { integer } from '../../src/cli/numbers.ts';
import type { AddVerb } from '../../src/cli/verb.ts';
import { input, type Value } from '../../src/graph/value.ts';
import { initialize } from '../../src/nn/init.ts';
import { declare, layersOf } from '../../src/nn/layers.ts';
import { fromOnnx } from '../../src/onnx/index.ts';
import { Engine } from '../../src/runtime/engine.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { product } from '../../src/shape.ts';
import { OWN_NETWORKS } from '../duels/onnxNetworks.ts';

export const onnxVerb: AddVerb = (program, run) => {
  program
    .command('onnx <folder>')
    .description(
      'networks read from the ONNX files that `tools/onnx_networks.py FOLDER --full` writes, by turns beside the same in the own functions',
    )
    .option('--rounds <n>', 'rounds by turns', integer('--rounds', 1), 9)
    .addHelpText('after', '\nExample:\n  wgad-bench onnx networks')
    .action((folder: string, { rounds }: { rounds: number }) =>
      run(async (context) => {
        const engine = await Engine.create({ adapter: context.gpu.adapter });
        for (const [name, own] of Object.entries(OWN_NETWORKS)) {
          const network = fromOnnx(await readFile(join(folder, `${name}.onnx`)));
          const shape = network.inputs[0]!.shape!.map(Number);
          const [state, weights] = [
            network.state,
            initialize(
              declare((layers) => own(layers, input('images', shape))),
              1,
            ),
          ].map((each) => engine.load(each)) as [Record<string, Tensor>, Record<string, Tensor>];
          const read = engine.compile((images: Value) => network.fn(state, { images }), {
            label: `${name} read`,
          });
          const written = engine.compile((images: Value) => own(layersOf(weights), images), {
            label: `${name} own`,
          });
          const images = engine.tensor(randomNumbers(product(shape), 1, 0), shape);
          const duel = await alternate(
            async () => {
              const found = await written(images);
              await found.data();
              found.dispose();
            },
            async () => {
              const found = await read(images);
              await found.logits!.data();
              engine.free(found);
            },
            rounds,
          );
          const { ratio, ratioP10, ratioP90, ours, theirs } = duel;
          context.result(
            { name, ratio, ratioP10, ratioP90, own: ours.medianMs, read: theirs.medianMs },
            `${name}: read from ONNX ${theirs.medianMs.toFixed(1)} ms, own functions ${ours.medianMs.toFixed(1)} ms, ratio ${ratio.toFixed(2)} (${ratioP10.toFixed(2)} to ${ratioP90.toFixed(2)})`,
          );
          read.dispose();
          written.dispose();
        }
        engine.dispose();
        return EXIT.done;
      }),
    );
};
