import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { exportsPage } from './exports.ts';

writeFileSync(fileURLToPath(new URL('../../docs/exports.md', import.meta.url)), exportsPage());
