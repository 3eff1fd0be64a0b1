import { ConfigError } from '../errors.js';
import { ALIGNMENTS } from '../methods/cada.js';
import { RESNETS } from '../models/resnet.js';
export const encoderConfig = (name) => RESNETS[name];
/** @throws ConfigError listing everything that is wrong. */
export function checkConfig(config) {
    const wrong = [];
    const whole = (name, least) => {
        if (!Number.isInteger(config[name]) || config[name] < least) {
            wrong.push(`${name} expects a whole number of at least ${least}, got ${config[name]}`);
        }
    };
    if (config.method !== 'revdist')
        wrong.push(`method expects revdist, got ${String(config.method)}`);
    if (!Object.hasOwn(RESNETS, config.encoder)) {
        wrong.push(`encoder expects one of ${Object.keys(RESNETS).join(', ')}, got ${config.encoder}`);
    }
    if (config.size % 32 !== 0 || config.size < 64) {
        wrong.push(`size expects a multiple of 32 of at least 64, got ${config.size}`);
    }
    whole('batch', 2);
    whole('iterations', 1);
    whole('alignIterations', 0);
    if (!(config.lr > 0))
        wrong.push(`lr expects more than 0, got ${config.lr}`);
    for (const align of config.align) {
        if (!ALIGNMENTS.includes(align))
            wrong.push(`align expects any of ${ALIGNMENTS.join(', ')}, got ${align}`);
    }
    if (wrong.length > 0)
        throw new ConfigError(wrong.join('; '));
}
//# sourceMappingURL=config.js.map