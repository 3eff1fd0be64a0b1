import type { AddVerb } from '../program.ts';
export declare const reportVerb: AddVerb;
