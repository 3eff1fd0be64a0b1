import { WgadError } from '../errors.js';
/** What the process tells its caller; part of the public interface. */
export const EXIT = {
    done: 0,
    failed: 1,
    usage: 2,
    skipped: 3,
    noAdapter: 4,
    device: 5,
    interrupted: 130,
};
export function exitCodeOf(error) {
    if (!(error instanceof WgadError))
        return EXIT.failed;
    switch (error.code) {
        case 'E_NO_ADAPTER':
            return EXIT.noAdapter;
        case 'E_DEVICE_LOST':
        case 'E_OUT_OF_MEMORY':
            return EXIT.device;
        case 'E_CONFIG':
            return EXIT.usage;
        default:
            return EXIT.failed;
    }
}
//# sourceMappingURL=exitCodes.js.map