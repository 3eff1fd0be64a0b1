/**
 * Makes src/onnx/schema/onnx_pb.ts of onnx-ml.proto (Apache-2.0), as the Python package `onnx` ships it:
 *   node tools/onnx_schema.mjs $(python3 -c 'import onnx, os; print(os.path.dirname(onnx.__file__))')/onnx-ml.proto
 * `buf` and `protoc-gen-es` come through npx. Enums, which are code of their own in TypeScript, become plain objects,
 * and the comments stay in the .proto file.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TARGET = fileURLToPath(new URL('../src/onnx/schema/onnx_pb.ts', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'onnx-schema-'));
copyFileSync(process.argv[2], join(folder, 'onnx-ml.proto'));
const plugins = [{ local: 'protoc-gen-es', out: '.', opt: ['target=ts', 'import_extension=ts'] }];
writeFileSync(join(folder, 'buf.gen.yaml'), JSON.stringify({ version: 'v2', plugins }));
const packages = ['@bufbuild/buf@1.75.0', '@bufbuild/protoc-gen-es@2.13.0'].flatMap((each) => ['-p', each]);
const { status } = spawnSync('npx', ['-y', ...packages, 'buf', 'generate', 'onnx-ml.proto'], {
  cwd: folder,
  stdio: 'inherit',
});
if (status !== 0) process.exit(status ?? 1);

const text = readFileSync(join(folder, 'onnx-ml_pb.ts'), 'utf8')
  .replace(/^ *\/\*\*[\s\S]*?\*\/\n/gm, '')
  .replace(/^ *\/\/.*\n/gm, '')
  .replace(/^\/\* eslint-disable \*\/\n/m, '')
  .replace(/export enum (\w+) \{([^}]*)\}/g, (_, name, body) => {
    const rows = body.replaceAll(' = ', ': ');
    return `export const ${name} = {${rows}} as const;\nexport type ${name} = (typeof ${name})[keyof typeof ${name}];`;
  })
  .replace(/([;,])\n\n(?= )/g, '$1\n')
  .replace(/\n{3,}/g, '\n\n');
writeFileSync(
  TARGET,
  `// Made by tools/onnx_schema.mjs from onnx-ml.proto of ONNX (Apache-2.0).\n\n${text.trim()}\n`,
);
rmSync(folder, { recursive: true });
