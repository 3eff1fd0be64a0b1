import type { Command } from 'commander';
/**
 * Fills in what no flag set, from `WGAD_*` variables first and then from the file of `--config`: built-in < file <
 * environment < flag. A file is one JSON object of flag names without dashes in front: {"iterations": 500}.
 * @throws ConfigError for a name that is no flag of this verb, or a value its flag would refuse.
 */
export declare function applySettings(program: Command, verb: Command, environment?: NodeJS.ProcessEnv): void;
