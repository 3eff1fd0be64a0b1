import { type Results } from '../../train/testRun.ts';
import type { Context } from '../context.ts';
import type { AddVerb } from '../program.ts';
export declare const testVerb: AddVerb;
export declare function testWith(context: Context, run: string, data?: string): Promise<Results>;
