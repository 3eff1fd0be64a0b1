// A program of the library that uses the device in every way; with a device lost under it, exit 5 and the error's code.
import { Engine, matmul, relu } from '../../../dist/index.js';

try {
  const engine = await Engine.create();
  const numbers = (count) => Float32Array.from({ length: count }, (_, i) => Math.sin(i));
  const weight = engine.tensor(numbers(64 * 64), [64, 64]);
  const layer = engine.compile(function layer(x) {
    return relu(matmul(x, weight.value));
  });
  for (let i = 0; i < 6; i++) {
    const x = engine.tensor(numbers(64 * (i + 1)), [i + 1, 64]);
    const y = await layer(x);
    await y.data();
    engine.free([x, y]);
  }
  engine.dispose();
  process.exitCode = 0;
} catch (error) {
  process.stderr.write(`${error.code ?? 'E_UNTYPED'} ${error.stack}\n`);
  process.exitCode = error.code === 'E_DEVICE_LOST' ? 5 : 1;
}
