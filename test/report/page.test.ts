import { describe, expect, it } from 'vitest';
import { galleryFigure } from '../../src/report/gallery.ts';
import { page } from '../../src/report/page.ts';
import { hostile, pageSource, SOURCE_ROWS } from './source.ts';

describe('the report page', () => {
  it('the report page escapes names and paths, wherever they stand', async () => {
    const text = page(await pageSource());
    expect(text).not.toContain(hostile);
    expect(text).not.toMatch(/<script|<img src="?x|onerror=alert\(1\)>/);
    // Once per place: the distributions, the table by class, thresholds, the unfamiliar list.
    expect(text.split('&lt;script&gt;').length).toBeGreaterThan(6);
    expect(text).toContain(`default-src 'none'; img-src data:`);
    expect(text.replaceAll(/base64,[^"]*/g, '')).not.toMatch(/NaN|undefined|\[object/);
  });

  it('the report page says which coreset a memory is', async () => {
    const source = await pageSource();
    const config = { ...source.results.config, coreset: 'random' as const, memoryRows: 409 };
    expect(page({ ...source, results: { ...source.results, config } })).toContain(
      '409 patches, a random coreset',
    );
    expect(page(source)).not.toContain('coreset');
  });

  it('the report page shows what a threshold for each class would change, from the same normal images', async () => {
    const text = page(await pageSource());
    expect(text).toContain('found by wgad threshold from 99 training images alone');
    // At 1.5 for all, the plain class has no alarm and misses one of two; its own threshold of 0.9 finds both.
    expect(text).toMatch(
      /<th scope="row">plain<\/th><td>2 \/ 2<\/td><td>0 \(0\.0 %\)<\/td><td>1 \(50\.0 %\)<\/td><td>0\.9000<\/td><td>0 \(0\.0 %\)<\/td><td>0 \(0\.0 %\)<\/td><td>−1 misses<\/td>/,
    );
    expect(text).toMatch(/<th scope="row">all classes<\/th><td>4 \/ 4<\/td><td>1 \(25\.0 %\)<\/td>/);
    expect(text.match(/class="own"/g)).toHaveLength(1);
    const without = page({ ...(await pageSource()), threshold: null });
    expect(without).toContain('This run has no threshold yet');
    expect(without).toContain('chosen on the test images themselves');
    expect(without).not.toContain('class="own"');
    // The best F1 flags one of four normal images, and both figures and the text say so.
    expect(without).toContain('The one for all flags 1 of 4 normal images (25 %).');
    expect(without.match(/best F1 0\.889<\/text><text[^>]*>flags 25\.0 %<\/text>/g)).toHaveLength(2);
    // Where there is a threshold of these scores, it stands in the place of the best F1.
    expect(text.match(/best F1/g)!.length).toBeLessThan(without.match(/best F1/g)!.length);
    expect(text).toMatch(/>threshold<\/text><text[^>]*>flags 25\.0 %</);
  });

  it.each([
    ['normal images alone', (anomalous: boolean) => !anomalous, 'no anomalous image'],
    ['anomalous images alone', (anomalous: boolean) => anomalous, 'no normal image'],
    ['no image', () => false, 'no anomalous image'],
  ])('the report page of a test with %s says what cannot be computed', async (_, keep, missing) => {
    const source = await pageSource();
    for (const threshold of [source.threshold, null]) {
      const rows = SOURCE_ROWS.filter(({ anomalous }) => keep(anomalous));
      const text = page({ ...source, rows, threshold });
      expect(text).toContain(
        `The test set has ${missing}: AUROC, AP, best F1 and the curves cannot be computed`,
      );
      expect(text.match(/Not drawn: it takes normal and anomalous test images/g)).toHaveLength(2);
      expect(text.replaceAll(/base64,[^"]*/g, '')).not.toMatch(/NaN|undefined|Infinity|\[object/);
    }
  });

  it('the report page of one image, and of a class with one kind of images beside others, is whole', async () => {
    const source = await pageSource();
    for (const rows of [
      SOURCE_ROWS.slice(0, 1),
      SOURCE_ROWS.slice(2, 3),
      SOURCE_ROWS.filter(({ className, anomalous }) => className !== 'plain' || !anomalous),
    ]) {
      const text = page({ ...source, rows, threshold: null });
      expect(text.replaceAll(/base64,[^"]*/g, '')).not.toMatch(/NaN|undefined|Infinity|\[object/);
    }
  });

  it('the report page names what the alignment calls 1, and what its regressor predicts', async () => {
    const source = await pageSource();
    expect(page(source)).toContain('1 = predicted maximum of a normal map');
    expect(page(source)).toContain('the mean and the maximum of its map');
    const config = { ...source.results.config, align: ['cada-std'] as const };
    const text = page({ ...source, aligned: 'cada-std', results: { ...source.results, config } });
    expect(text).toContain('1 = predicted mean + 3 standard deviations of a normal map');
    expect(text).toContain('the mean and the mean + 3 standard deviations of its map');
    expect(text).not.toMatch(/(predicted|and the) maximum of/);
    expect(page({ ...source, aligned: 'none' })).not.toContain('1 = ');
  });

  it('the report page lists images unlike those trained on', async () => {
    const text = page(await pageSource());
    expect(text).toContain('1 of 8 test images are marked');
    expect(text).toMatch(/<li>&quot;&gt;&lt;script&gt;[^<]*bent\/0\.png<\/li>/);
    const rows = SOURCE_ROWS.map((row) => ({ ...row, unfamiliar: null }));
    expect(page({ ...(await pageSource()), rows })).not.toContain('Unlike what was trained on');
  });

  it('the report page draws maps on the scale it is given, not on one of their own', async () => {
    const item = (value: number) => ({
      caption: 'c',
      path: 'p',
      anomalous: false,
      size: 8,
      pixels: new Uint8Array(3 * 64).fill(128),
      mask: null,
      maps: new Map([['none', new Float32Array(64).fill(value)]]),
    });
    const draw = async (...values: number[]): Promise<string[]> => {
      const { text } = await galleryFigure('t', values.map(item), { none: { low: 0, high: 1 } });
      return [...text.matchAll(/src="([^"]+)" alt="none, map: /g)].map(([, uri]) => uri!);
    };
    const [low, high, clipped] = await draw(0, 1, 7);
    expect(low).not.toBe(high);
    expect(clipped).toBe(high);
    expect((await draw(0.5, 0))[1]).toBe(low);
  });
});
