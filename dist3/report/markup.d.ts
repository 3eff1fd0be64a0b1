/** Text that is already safe to stand in a page. */
export declare class Markup {
    readonly text: string;
    constructor(text: string);
}
type Part = Markup | string | number | readonly (Markup | string)[];
/** HTML or SVG from a template: strings are escaped, markup and lists of markup go in as they are. */
export declare function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup;
export {};
