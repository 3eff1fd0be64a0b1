import { ConfigError } from '../errors.js';
/** A parser for a whole-number option. @throws ConfigError naming the option and the range. */
export const integer = (name, least, most = Number.MAX_SAFE_INTEGER) => (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most) {
        throw new ConfigError(`${name} expects a whole number from ${least} to ${most}, got ${text}`);
    }
    return value;
};
/** A parser for a real-number option. */
export const real = (name, least, most = Number.POSITIVE_INFINITY) => (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= least && value <= most)) {
        throw new ConfigError(`${name} expects a number from ${least} to ${most}, got ${text}`);
    }
    return value;
};
//# sourceMappingURL=numbers.js.map