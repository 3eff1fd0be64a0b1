import type { RunConfig } from '../../train/config.ts';
import type { Context } from '../context.ts';
import type { AddVerb } from '../program.ts';
export declare const trainVerb: AddVerb;
/** Trains with progress on stderr; false where Ctrl-C stopped it. */
export declare function trainWith(context: Context, run: string, config: RunConfig, options: {
    resume: boolean;
    saveEvery?: number;
}): Promise<boolean>;
