/** Text that is already safe to stand in a page. */
export class Markup {
    text;
    constructor(text) {
        this.text = text;
    }
}
/** HTML or SVG from a template: strings are escaped, markup and lists of markup go in as they are. */
export function html(strings, ...parts) {
    return new Markup(strings.reduce((text, string, i) => text + string + (i < parts.length ? render(parts[i]) : ''), ''));
}
function render(part) {
    if (part instanceof Markup)
        return part.text;
    if (typeof part === 'number')
        return String(Math.round(part * 1000) / 1000);
    if (typeof part === 'string')
        return escaped(part);
    return part.map(render).join('');
}
const ENTITIES = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
};
const escaped = (text) => text.replace(/[&<>"']/g, (c) => ENTITIES[c]);
//# sourceMappingURL=markup.js.map