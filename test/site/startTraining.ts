import type { Page } from 'playwright-core';

/** Settings of a training; what is absent is the quick preset's. */
export interface PageSettings {
  readonly size?: number;
  readonly batch?: number;
  readonly iterations?: number;
  readonly alignIterations?: number;
  readonly seed?: number;
  /** Seconds. */
  readonly saveEvery?: number;
}

const LABELS: Readonly<Record<keyof PageSettings, string>> = {
  size: 'Image side, px',
  batch: 'Images per step',
  iterations: 'Steps of the detector',
  alignIterations: 'Steps of the alignment',
  seed: 'Seed',
  saveEvery: 'Save every',
};

/** Gives the Train page a folder and settings, and begins; the encoder is `resnet18_w16`. */
export async function startTraining(page: Page, folder: string, settings: PageSettings): Promise<void> {
  await page.locator('input[data-for="Choose a folder"]').setInputFiles(folder);
  await page.getByText(/^\d+ images in /).waitFor();
  await page.getByLabel('Encoder').selectOption('resnet18_w16');
  await page.getByText('More settings').click();
  for (const [name, value] of Object.entries(settings)) {
    await page.getByLabel(LABELS[name as keyof PageSettings]).fill(String(value));
  }
  await page.getByRole('button', { name: 'Train', exact: true }).click();
}
