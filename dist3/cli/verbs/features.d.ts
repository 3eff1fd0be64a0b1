import type { AddVerb } from '../program.ts';
export declare const featuresVerb: AddVerb;
