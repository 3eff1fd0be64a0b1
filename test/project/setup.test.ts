import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
// @ts-expect-error the set-up scripts are plain JavaScript: they run before anything is installed.
import { installPlan, parseOsRelease } from '../../scripts/setup/adapter.mjs';
// @ts-expect-error
import { chromiumIsSettled, hasChromiumPackage } from '../../scripts/setup/chromium.mjs';
// @ts-expect-error
import { hashTree, nodeIsNewEnough } from '../../scripts/setup/staleness.mjs';

describe('which packages bring the software adapter', () => {
  const release = (id: string, version: string): string =>
    `PRETTY_NAME="Some ${id}"\nID=${id}\nVERSION_ID="${version}"\n# a comment\n`;

  it.each([
    ['debian', '12', 'bookworm-backports'],
    ['debian', '12.5', 'bookworm-backports'],
    ['debian', '13', 'main'],
    ['debian', '14', 'main'],
    ['ubuntu', '24.04', 'main'],
    ['ubuntu', '26.04', 'main'],
  ])('the software adapter of %s %s comes from: %s', (id, version, suite) => {
    expect(installPlan(parseOsRelease(release(id, version)))).toMatchObject({ suite });
  });

  it.each([
    ['debian', '11'],
    ['ubuntu', '22.04'],
    ['fedora', '42'],
  ])('no package with a software adapter is known for %s %s', (id, version) => {
    expect(installPlan(parseOsRelease(release(id, version)))).toBeNull();
  });

  it('no package is known for a system that does not say what it is', () => {
    expect(installPlan(parseOsRelease(''))).toBeNull();
  });
});

it.each([
  ['debian', '12', true],
  ['debian', '13', true],
  ['debian', '11', false],
  ['ubuntu', '24.04', false],
  ['fedora', '42', false],
])('a Chromium that runs in containers is a package of %s %s: %s', (ID, VERSION_ID, has) => {
  expect(hasChromiumPackage({ ID, VERSION_ID })).toBe(has);
});

it('no Chromium is installed where WGAD_CHROMIUM names one, or is empty', () => {
  expect(chromiumIsSettled({ WGAD_CHROMIUM: '/opt/chrome' })).toBe(true);
  expect(chromiumIsSettled({ WGAD_CHROMIUM: '' })).toBe(true);
});

describe('the Node version', () => {
  it.each([
    ['20.18.3', false],
    ['18.20.0', false],
    ['20.19.0', true],
    ['22.0.0', true],
    ['24.1.0', true],
  ])('Node %s is new enough: %s', (version, enough) => {
    expect(nodeIsNewEnough(version)).toBe(enough);
  });
});

describe('staleness', () => {
  let root = '';
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'wgad-stale-'));
    await mkdir(join(root, 'src'));
    await writeFile(join(root, 'src', 'a.ts'), '1');
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  it('a stale build is told by content and names, not times', async () => {
    const first = hashTree(root, ['src']);
    await writeFile(join(root, 'src', 'a.ts'), '1');
    expect(hashTree(root, ['src'])).toBe(first);
    await writeFile(join(root, 'src', 'a.ts'), '2');
    const changed = hashTree(root, ['src']);
    expect(changed).not.toBe(first);
    await writeFile(join(root, 'src', 'b.ts'), '');
    expect(hashTree(root, ['src'])).not.toBe(changed);
  });
});
