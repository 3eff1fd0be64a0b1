import type { Progress } from './context.ts';
/** See `Progress`. */
export declare function progressTo(stream: NodeJS.WriteStream, label: string, quiet: boolean): Progress;
