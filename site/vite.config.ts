import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type Plugin } from 'vite';
import { provenance } from '../src/cli/provenance.ts';
import { LAYOUTS } from '../src/data/layouts/index.ts';

const here = import.meta.dirname;
const OUT = join(here, '..', 'dist', 'site');
const { commit = '' } = await provenance();
const PAGES = ['index', 'train', 'kernels'];

/**
 * Leaves out what only Node has: layouts of data sets read folders, while settings need their names alone; the native
 * module is loaded only where there is no browser.
 */
const withoutNode = (): Plugin => ({
  name: 'without-node',
  enforce: 'pre',
  resolveId: (id) => (id === 'webgpu' ? { id, external: true } : undefined),
  load(id) {
    if (!id.endsWith('/src/data/layouts/index.ts')) return undefined;
    return `export const LAYOUTS = ${JSON.stringify(LAYOUTS)};`;
  },
});

/** All pages load from their own folder alone, and send nothing anywhere. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  'media-src blob: mediastream:',
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');
const policy = (): Plugin => ({
  name: 'policy',
  transformIndexHtml: (html) =>
    html.replace('<head>', `<head>\n    <meta http-equiv="Content-Security-Policy" content="${POLICY}" />`),
});

/** The encoders' weights, in `weights/` as in the package. */
const weights = (): Plugin => ({
  name: 'weights',
  apply: 'build',
  generateBundle() {
    const folder = join(here, '..', 'weights');
    for (const name of readdirSync(folder)) {
      this.emitFile({
        type: 'asset',
        fileName: `weights/${name}`,
        source: readFileSync(join(folder, name)),
      });
    }
  },
});

/** The service worker with the names of all files; their hash is its version. */
const serviceWorker = (): Plugin => ({
  name: 'service-worker',
  apply: 'build',
  // After the pages themselves are in the bundle.
  enforce: 'post',
  generateBundle(_, bundle) {
    const hash = createHash('sha256');
    const files = Object.entries(bundle).map(([name, file]) => {
      hash.update(name).update(file.type === 'chunk' ? file.code : file.source);
      return name;
    });
    const folder = join(here, 'public');
    for (const name of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!name.isFile()) continue;
      const path = join(name.parentPath, name.name);
      hash.update(readFileSync(path));
      files.push(path.slice(folder.length + 1).replaceAll('\\', '/'));
    }
    const facts = `const VERSION = '${hash.digest('hex').slice(0, 16)}';\nconst FILES = ${JSON.stringify(['./', ...files.sort()])};\n`;
    const source = facts + readFileSync(join(here, 'serviceWorker.js'), 'utf8');
    this.emitFile({ type: 'asset', fileName: 'serviceWorker.js', source });
  },
});

// biome-ignore lint/style/noDefaultExport: Vite loads its configuration from the default export.
export default defineConfig({
  root: here,
  // Any folder of any static host.
  base: './',
  plugins: [withoutNode(), policy(), weights(), serviceWorker()],
  // Which code a record of the pages is of; empty outside of a repository.
  define: { 'import.meta.env.VITE_COMMIT': JSON.stringify(commit) },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es', plugins: () => [withoutNode()] },
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    // The policy of the pages allows no data: addresses.
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: PAGES.map((name) => join(here, `${name}.html`)),
      checks: { pluginTimings: false },
    },
  },
});
