import { type StepReport } from './loop.ts';
export interface PretrainOptions {
    readonly out: string;
    readonly iterations: number;
    readonly adapter?: string;
    readonly onReport?: (report: StepReport) => void;
}
/**
 * Trains the small encoder to tell procedural textures apart and writes its layers 1 to 3, float32, in
 * torchvision's names. Same adapter and iterations, same bytes. @returns the accuracy on unseen views.
 */
export declare function pretrainEncoder({ out, iterations, adapter, onReport, }: PretrainOptions): Promise<number>;
