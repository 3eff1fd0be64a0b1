import { PROTOCOLS } from '../train/testRun.js';
const percent = (value) => (value === null ? '–' : (100 * value).toFixed(1));
const pair = (a, b) => `${percent(a)} / ${percent(b)}`;
const TASKS = [
    { title: 'detection', cell: (four) => pair(four.iAuroc, four.iAp) },
    { title: 'localisation', cell: (four) => pair(four.pAuroc, four.pAp) },
];
/** The paper's Table 1: a column per alignment, AUROC / AP in percent; the first row is the heading. */
export function tableRows({ protocols }, shown = PROTOCOLS) {
    const alignments = Object.keys(protocols['absolute-unified']);
    const rows = [['AUROC / AP in percent', ...alignments]];
    for (const { title, cell } of TASKS) {
        for (const protocol of shown) {
            const cells = alignments.map((name) => cell(protocol === 'model-unified' ? protocols[protocol][name].mean : protocols[protocol][name]));
            rows.push([`${title}, ${protocol}`, ...cells]);
        }
    }
    return rows;
}
/** Each class by itself: a row per class, two columns per alignment. */
export function classTableRows({ protocols }) {
    const unified = Object.entries(protocols['model-unified']);
    const classes = Object.keys(unified[0]?.[1].classes ?? {});
    return [
        ['AUROC / AP in percent', ...unified.flatMap(([name]) => TASKS.map(({ title }) => `${name}: ${title}`))],
        ...classes.map((className) => [
            className,
            ...unified.flatMap(([, { classes: each }]) => TASKS.map(({ cell }) => cell(each[className]))),
        ]),
    ];
}
/** Rows as aligned text for a terminal. */
export function formatTable(rows) {
    const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
    return rows
        .map((row) => row
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd())
        .join('\n');
}
//# sourceMappingURL=table.js.map