import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { ServedRuns } from './servedRuns.ts';

/** What `/metrics` says, beside what prom-client says of the process (memory, CPU, event loop). */
export interface ServeMetrics {
  readonly contentType: string;
  text(): Promise<string>;
  request(run: string, status: number, seconds: number): void;
  images(run: string, outcome: 'judged' | 'refused', count: number): void;
  batch(run: string, images: number, seconds: number): void;
  reopened(run: string): void;
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const BATCHES = [1, 2, 4, 8, 16, 32, 64, 128];

/** @param held images and bytes of requests that are under way now. */
export function serveMetrics(
  runs: ServedRuns,
  held: { readonly images: number; readonly bytes: number },
): ServeMetrics {
  const registers = [new Registry()];
  const [registry] = registers as [Registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'wgad_requests_total',
    help: 'Requests to judge images, by run and status',
    labelNames: ['run', 'status'],
    registers,
  });
  const seconds = new Histogram({
    name: 'wgad_request_seconds',
    help: 'From the arrival of a request to its answer',
    labelNames: ['run'],
    buckets: SECONDS,
    registers,
  });
  const images = new Counter({
    name: 'wgad_images_total',
    help: 'Images, by run and whether they were judged or refused',
    labelNames: ['run', 'outcome'],
    registers,
  });
  const batches = new Histogram({
    name: 'wgad_batch_images',
    help: 'Images judged at once',
    labelNames: ['run'],
    buckets: BATCHES,
    registers,
  });
  const device = new Counter({
    name: 'wgad_device_seconds_total',
    help: 'Time that batches took on the device',
    labelNames: ['run'],
    registers,
  });
  const reopened = new Counter({
    name: 'wgad_devices_reopened_total',
    help: 'Devices that were opened again after one had failed or was lost',
    labelNames: ['run'],
    registers,
  });
  new Gauge({
    name: 'wgad_queue_images',
    help: 'Images of requests that are under way: being received, decoded, waiting for a batch, or in one',
    registers,
    collect() {
      this.set(held.images);
    },
  });
  new Gauge({
    name: 'wgad_queue_bytes',
    help: 'Bytes of the bodies of these requests',
    registers,
    collect() {
      this.set(held.bytes);
    },
  });
  new Gauge({
    name: 'wgad_device_bytes',
    help: 'Bytes of buffers on the device',
    labelNames: ['run'],
    registers,
    collect() {
      for (const run of runs.names) this.set({ run }, runs.get(run)?.deviceBytes ?? 0);
    },
  });
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    request(run, status, took) {
      requests.inc({ run, status });
      seconds.observe({ run }, took);
    },
    images: (run, outcome, count) => images.inc({ run, outcome }, count),
    batch(run, count, took) {
      batches.observe({ run }, count);
      device.inc({ run }, took);
    },
    reopened: (run) => reopened.inc({ run }),
  };
}
