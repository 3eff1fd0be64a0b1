import { percent } from '../formats/percent.ts';
import { NARROW, narrow, textTable } from '../formats/textTable.ts';
import { LEAST_STEPS } from '../runtime/profiler.ts';
import type { ProfileSummary } from './summary.ts';

/** The first `top` rows under a heading that says how they were measured. */
export function formatProfile(summary: ProfileSummary, top: number): string {
  const { kernels, dispatches, firstMs, totalMs, betweenMs, lost, roofline } = summary;
  if (dispatches === 0) return 'no dispatch was run';
  const rate = (value: number | null): string =>
    value === null ? '-' : value >= 100 ? value.toFixed(0) : value.toPrecision(3);
  const ms = (value: number | null): string => value?.toFixed(3) ?? '-';
  const share = (value: number | null): string => (value === null ? '-' : percent(value));
  const { lines, leftOut } = textTable(
    kernels.slice(0, top),
    [
      { title: 'kernel', words: true, cell: ({ name }) => name },
      { title: 'calls', cell: ({ calls }) => String(calls) },
      { title: 'first ms', rank: 1, cell: (row) => ms(row.firstMs) },
      { title: 'then ms', cell: (row) => (row.onlyFirst ? '' : ms(row.totalMs)) },
      { title: 'share %', cell: (row) => (row.onlyFirst ? '' : share(row.share)) },
      { title: 'GFLOP/s', cell: (row) => rate(row.gflops) },
      { title: 'GB/s', cell: (row) => rate(row.gbs) },
      { title: 'of roofline %', cell: (row) => share(row.rooflineShare) },
    ],
    NARROW,
  );
  const more = kernels.length - top;
  const said = [
    `clock: ${clockText(summary)}`,
    `roofline: ${roofline.peakGflops.toFixed(1)} GFLOP/s, ${roofline.copyGbs.toFixed(1)} GB/s, measured as wgad doctor does`,
  ];
  const below = [
    ...(more > 0 ? [`and ${more} more kernels`] : []),
    ...(leftOut.length > 0 ? [`not shown in ${NARROW} columns: ${leftOut.join(', ')}; --json has all`] : []),
    `${dispatches} dispatches: first uses of a shader ${firstMs.toFixed(3)} ms, then ${totalMs.toFixed(3)} ms; between dispatches ${betweenMs.toFixed(3)} ms`,
    ...(lost > 0 ? [`the times of ${lost} more dispatches could not be read`] : []),
  ];
  return [...said.map((line) => narrow(line)), ...lines, ...below.map((line) => narrow(line))].join('\n');
}

function clockText({ clock, granularityNs, kernels }: ProfileSummary): string {
  const least = Math.round(granularityNs * LEAST_STEPS);
  const refused = kernels.some(({ totalMs }) => totalMs === null) ? '; shorter kernels have no figures' : '';
  return clock === 'timestamp'
    ? `GPU timestamps, granularity ${granularityNs} ns, figures from ${least} ns a dispatch on${refused}`
    : `wall time, one submit per dispatch (no GPU timestamps): an empty submit takes ${Math.round(granularityNs)} ns, figures from ${least} ns a dispatch on${refused}`;
}
