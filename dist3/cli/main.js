#!/usr/bin/env node
import { WgadError } from '../errors.js';
import { EXIT, exitCodeOf } from './exitCodes.js';
import { watchInterrupts } from './interrupt.js';
import { buildProgram } from './program.js';
const interrupt = watchInterrupts();
const program = buildProgram(interrupt.signal, (code) => {
    process.exitCode = code;
});
try {
    await program.parseAsync();
}
catch (error) {
    const options = program.opts();
    const { code, message, fix } = error instanceof WgadError
        ? error
        : { code: 'E_FAILED', message: String(error.message ?? error), fix: undefined };
    process.stderr.write(`wgad: ${code} ${message}\n${fix ? `  fix: ${fix}\n` : ''}`);
    if (options.verbose && error instanceof Error)
        process.stderr.write(`${error.stack}\n`);
    if (options.json)
        process.stdout.write(`${JSON.stringify({ error: { code, message, fix } })}\n`);
    process.exitCode = interrupt.signal.aborted ? EXIT.interrupted : exitCodeOf(error);
}
finally {
    interrupt.release();
}
// Native handles (devices, decoding threads) must not hold a finished process.
process.exit(process.exitCode ?? 0);
//# sourceMappingURL=main.js.map