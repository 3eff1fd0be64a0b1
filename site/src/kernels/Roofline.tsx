import type { Pace } from '../../../src/bench/planCase.ts';
import { RooflineChart, type Series } from './RooflineChart.tsx';

/** What this GPU reaches at best, and what the kernels reach of it. */
export function Roofline({
  pace,
  series,
  measuring,
  onMeasure,
}: {
  pace: Pace | null;
  series: readonly [Series, ...Series[]];
  measuring: boolean;
  onMeasure: () => void;
}) {
  const drawn = series.some(({ roof }) => roof);
  return (
    <section class="card stack" aria-label="Roofline">
      <div class="row apart">
        <h2>The roofline of this GPU</h2>
        <button type="button" disabled={measuring} onClick={onMeasure}>
          {pace ? 'Measure it again' : 'Measure the roofline'}
        </button>
      </div>
      <p class="soft small">
        The best of our matrix products and of a copy, over sizes, and what a submit and a dispatch cost. All
        shares below are told by it. Close what else uses the GPU.
      </p>
      <p role="status" class="small">
        {measuring && 'Measuring…'}
      </p>
      <div class="beside">
        {drawn && <RooflineChart series={series} />}
        <div class="stack">
          {pace && (
            <dl class="facts small numbers">
              <dt>arithmetic</dt>
              <dd>
                {pace.peakGflops.toPrecision(4)} GFLOP/s ({pace.peakAt})
              </dd>
              <dt>memory</dt>
              <dd>
                {pace.copyGbs.toPrecision(4)} GB/s, read and written (copy of {pace.copyAt})
              </dd>
              <dt>launching</dt>
              <dd>
                {(1000 * pace.submitMs).toPrecision(3)} µs a submit, {(1000 * pace.dispatchMs).toPrecision(3)}{' '}
                µs a dispatch
              </dd>
            </dl>
          )}
          {drawn && (
            <p class="small soft">
              {series.map(({ name }, i) => (
                <span key={name} class={`legend ${i === 0 ? 'first' : 'second'}`}>
                  {i === 0 ? '●' : '◆'} {name}{' '}
                </span>
              ))}
              Numbers are those of the table below. What does no arithmetic is in the table alone. A point
              above the line was measured at a quicker moment than the line.
            </p>
          )}
        </div>
      </div>
    </section>
  );
}
