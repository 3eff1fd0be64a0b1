import { LEAST_STEPS, type ProfileSummary } from './summary.ts';

/** The first `top` rows under a heading that says how they were measured. */
export function formatProfile(summary: ProfileSummary, top: number): string {
  const { kernels, dispatches, firstMs, totalMs, betweenMs, lost, roofline } = summary;
  if (dispatches === 0) return 'no dispatch was run';
  const rate = (value: number | null): string =>
    value === null ? '-' : value >= 100 ? value.toFixed(0) : value.toPrecision(3);
  const ms = (value: number | null): string => value?.toFixed(3) ?? '-';
  const percent = (value: number | null): string => (value === null ? '-' : `${(100 * value).toFixed(1)} %`);
  const rows = [
    ['kernel', 'calls', 'first ms', 'then ms', 'share', 'GFLOP/s', 'GB/s', 'of roofline'],
    ...kernels
      .slice(0, top)
      .map((row) => [
        row.name,
        String(row.calls),
        ms(row.firstMs),
        row.onlyFirst ? '' : ms(row.totalMs),
        row.onlyFirst ? '' : percent(row.share),
        rate(row.gflops),
        rate(row.gbs),
        percent(row.rooflineShare),
      ]),
  ];
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const more = kernels.length - top;
  return [
    `clock: ${clockText(summary)}`,
    `roofline: ${roofline.peakGflops.toFixed(1)} GFLOP/s, ${roofline.copyGbs.toFixed(1)} GB/s, measured as wgad doctor does`,
    ...rows.map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
        .join('  ')
        .trimEnd(),
    ),
    ...(more > 0 ? [`and ${more} more kernels`] : []),
    `${dispatches} dispatches: first uses of a shader ${firstMs.toFixed(3)} ms, then ${totalMs.toFixed(3)} ms; between dispatches ${betweenMs.toFixed(3)} ms`,
    ...(lost > 0 ? [`the times of ${lost} more dispatches could not be read`] : []),
  ].join('\n');
}

function clockText({ clock, granularityNs, kernels }: ProfileSummary): string {
  const least = Math.round(granularityNs * LEAST_STEPS);
  const refused = kernels.some(({ totalMs }) => totalMs === null) ? '; shorter kernels have no figures' : '';
  return clock === 'timestamp'
    ? `GPU timestamps, granularity ${granularityNs} ns, figures from ${least} ns a dispatch on${refused}`
    : `wall time, one submit per dispatch (no GPU timestamps): an empty submit takes ${Math.round(granularityNs)} ns, figures from ${least} ns a dispatch on${refused}`;
}
