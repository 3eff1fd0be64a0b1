/** One CSV line (RFC 4180). Text that a spreadsheet would run as a formula gets a quote in front. */
export const csvLine = (cells) => `${cells.map(cell).join(',')}\n`;
function cell(value) {
    if (value === null)
        return '';
    if (typeof value === 'number')
        return String(value);
    const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
/** Rows of cells; quoted cells may hold commas, quotes and line ends. */
export function parseCsv(text) {
    const rows = [];
    let row = [];
    const matcher = /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r?\n|$)/gy;
    while (matcher.lastIndex < text.length) {
        const [, raw, end] = matcher.exec(text);
        row.push(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw);
        if (end !== ',') {
            rows.push(row);
            row = [];
        }
    }
    if (row.length > 0)
        rows.push(row);
    return rows;
}
//# sourceMappingURL=csv.js.map