/** The part of results.json that the table shows. */
interface TableSource {
  readonly protocols: {
    readonly 'absolute-unified': Readonly<Record<string, Four>>;
    readonly 'model-unified': Readonly<Record<string, { readonly mean: Four }>>;
  };
}

interface Four {
  readonly iAuroc: number | null;
  readonly iAp: number | null;
  readonly pAuroc: number | null;
  readonly pAp: number | null;
}

/** The paper's Table 1 as text: percent with one decimal, AUROC / AP. */
export function formatTable({ protocols }: TableSource): string {
  const alignments = Object.keys(protocols['absolute-unified']);
  const rows: string[][] = [['', ...alignments]];
  const percent = (value: number | null): string => (value === null ? '–' : (100 * value).toFixed(1));
  const pair = (a: number | null, b: number | null): string => `${percent(a)} / ${percent(b)}`;
  for (const kind of ['i', 'p'] as const) {
    const title = kind === 'i' ? 'detection' : 'localisation';
    for (const protocol of ['model-unified', 'absolute-unified'] as const) {
      const cells = alignments.map((name) => {
        const four =
          protocol === 'absolute-unified' ? protocols[protocol][name]! : protocols[protocol][name]!.mean;
        return kind === 'i' ? pair(four.iAuroc, four.iAp) : pair(four.pAuroc, four.pAp);
      });
      rows.push([`${title}, ${protocol}`, ...cells]);
    }
  }
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const line = (row: string[]): string =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd();
  return ['AUROC / AP in percent', ...rows.map(line)].join('\n');
}
