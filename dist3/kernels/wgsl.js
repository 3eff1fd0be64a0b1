/**
 * The `wgsl` tag: WGSL stands in TypeScript as WGSL. It prints numbers exactly, inserts each required function
 * once, and dedents; loops and conditions are TypeScript's. A spliced piece is a number or another `wgsl` value.
 */
/** An identifier or expression that comes from a table, not from a user. */
export const code = (text, ...functions) => ({ text, functions });
export function wgsl(strings, ...splices) {
    const functions = [];
    let text = strings[0];
    splices.forEach((splice, i) => {
        text += spliceText(splice, text, functions) + strings[i + 1];
    });
    return { text: dedent(text), functions };
}
/** Shortest decimal form that reads back as the same double. @throws where WGSL has no literal for it. */
export function numberLiteral(value) {
    if (!Number.isFinite(value))
        throw new Error(`wgsl: ${value} has no WGSL literal`);
    return Object.is(value, -0) ? '-0.0' : String(value);
}
/** A literal that is a float even where the value is whole. */
export function floatLiteral(value) {
    const text = numberLiteral(value);
    return /[.e]/.test(text) ? text : `${text}.0`;
}
/** Body and functions as one module text, each function before its first caller. */
export function wgslText(body, label) {
    if (/\b(undefined|NaN|Infinity)\b/.test(body.text)) {
        throw new Error(`wgsl: kernel ${label} contains a value that is not a number:\n${body.text}`);
    }
    const written = new Map();
    const add = (fn) => {
        if (written.has(fn.name))
            return;
        for (const need of fn.needs ?? [])
            add(need);
        written.set(fn.name, fn.source);
    };
    for (const fn of body.functions)
        add(fn);
    return `${[...written.values()].map((source) => `${dedent(source)}\n`).join('')}${body.text}\n`;
}
function spliceText(splice, before, functions) {
    if (typeof splice === 'number')
        return numberLiteral(splice);
    if (!Array.isArray(splice))
        return pieceText(splice, before, functions);
    const indent = currentIndent(before);
    return splice.map((piece) => pieceText(piece, before, functions)).join(`\n${indent}`);
}
function pieceText(piece, before, functions) {
    functions.push(...piece.functions);
    return piece.text.split('\n').join(`\n${currentIndent(before)}`);
}
const currentIndent = (text) => /(?:^|\n)([ ]*)[^\n]*$/.exec(text)?.[1] ?? '';
function dedent(text) {
    const lines = text.replace(/^\n/, '').trimEnd().split('\n');
    const depths = lines.filter((line) => line.trim()).map((line) => /^ */.exec(line)[0].length);
    const depth = depths.length === 0 ? 0 : Math.min(...depths);
    return lines.map((line) => line.slice(depth).trimEnd()).join('\n');
}
//# sourceMappingURL=wgsl.js.map