/**
 * The `wgsl` tag: WGSL stands in TypeScript as WGSL. It prints numbers exactly, inserts each required function
 * once, and dedents; loops and conditions are TypeScript's. A spliced piece is a number or another `wgsl` value.
 */
/** A piece of WGSL and the functions it calls. */
export interface Wgsl {
    readonly text: string;
    readonly functions: readonly WgslFunction[];
}
/** A WGSL function that a kernel may require; written once however many pieces ask for it. */
export interface WgslFunction {
    readonly name: string;
    readonly source: string;
    readonly needs?: readonly WgslFunction[];
}
type Splice = number | Wgsl | readonly Wgsl[];
/** An identifier or expression that comes from a table, not from a user. */
export declare const code: (text: string, ...functions: WgslFunction[]) => Wgsl;
export declare function wgsl(strings: TemplateStringsArray, ...splices: Splice[]): Wgsl;
/** Shortest decimal form that reads back as the same double. @throws where WGSL has no literal for it. */
export declare function numberLiteral(value: number): string;
/** A literal that is a float even where the value is whole. */
export declare function floatLiteral(value: number): string;
/** Body and functions as one module text, each function before its first caller. */
export declare function wgslText(body: Wgsl, label: string): string;
export {};
