/** A parser for a whole-number option. @throws ConfigError naming the option and the range. */
export declare const integer: (name: string, least: number, most?: number) => (text: string) => number;
/** A parser for a real-number option. */
export declare const real: (name: string, least: number, most?: number) => (text: string) => number;
