import { type Alignment } from '../methods/cada.ts';
import { type ResNetConfig, type ResNetName } from '../models/resnet.ts';
/** Everything needed to repeat a run; `config.json` in its folder. */
export interface RunConfig {
    readonly version: string;
    readonly method: 'revdist';
    readonly encoder: ResNetName;
    /** Path of the encoder's weights, or `embedded`. */
    readonly weights: string;
    readonly align: readonly Alignment[];
    readonly size: number;
    readonly batch: number;
    readonly iterations: number;
    readonly alignIterations: number;
    readonly lr: number;
    readonly seed: number;
    /** Absolute path of the data set. */
    readonly data: string;
    readonly smoothing: 'author' | 'scipy';
    readonly scoreFraction: number;
    readonly adapter: string;
}
export declare const encoderConfig: (name: ResNetName) => ResNetConfig;
/** @throws ConfigError listing everything that is wrong. */
export declare function checkConfig(config: RunConfig): void;
