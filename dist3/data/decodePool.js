import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { ImageError } from '../errors.js';
/** Requests a worker holds at once: one in work and one to go on with. */
const DEPTH = 2;
/**
 * Worker threads that decode and resize images. They start when first needed, and keep the process alive only
 * while they have work.
 */
export class DecodePool {
    #size;
    #limit;
    #members = new Set();
    #urgent = [];
    #background = [];
    #nextId = 0;
    #closed = false;
    /** `size`: side of the result in pixels; `workers`: how many threads at most. */
    constructor(size, workers) {
        this.#size = size;
        this.#limit = workers;
    }
    /** RGB planes [3, size, size]. Background requests wait for all others. Rejects with ImageError. */
    decode(path, background) {
        return new Promise((resolve, reject) => {
            if (this.#closed)
                return reject(closedError(path));
            (background ? this.#background : this.#urgent).push({ path, resolve, reject });
            this.#dispatch();
        });
    }
    /** Move a background request that has not begun to the front. */
    hurry(path) {
        const at = this.#background.findIndex((job) => job.path === path);
        if (at >= 0)
            this.#urgent.push(...this.#background.splice(at, 1));
    }
    /** Stop all threads; what is under way or waits is rejected. */
    async close() {
        this.#closed = true;
        const running = [...this.#members].flatMap((member) => [...member.jobs.values()]);
        for (const job of [...running, ...this.#urgent.splice(0), ...this.#background.splice(0)]) {
            job.reject(closedError(job.path));
        }
        await Promise.all([...this.#members].map((member) => member.worker.terminate()));
        this.#members.clear();
    }
    #dispatch() {
        while (this.#urgent.length + this.#background.length > 0) {
            const member = this.#leastBusy();
            if (!member)
                return;
            const job = this.#urgent.shift() ?? this.#background.shift();
            const id = this.#nextId++;
            member.jobs.set(id, job);
            member.worker.ref();
            member.worker.postMessage({ id, path: job.path, size: this.#size });
        }
    }
    /** An idle worker, else a new one, else the least busy that has room. */
    #leastBusy() {
        let best;
        for (const member of this.#members)
            if (!best || member.jobs.size < best.jobs.size)
                best = member;
        if (best?.jobs.size === 0)
            return best;
        if (this.#members.size < this.#limit)
            return this.#start();
        return best && best.jobs.size < DEPTH ? best : undefined;
    }
    #start() {
        const member = { worker: new Worker(workerUrl(), { execArgv: [] }), jobs: new Map() };
        this.#members.add(member);
        member.worker.on('message', (reply) => {
            const job = member.jobs.get(reply.id);
            member.jobs.delete(reply.id);
            if (member.jobs.size === 0)
                member.worker.unref();
            if ('pixels' in reply)
                job?.resolve(reply.pixels);
            else
                job?.reject(new ImageError(reply.message, { where: reply.where }));
            this.#dispatch();
        });
        // A thread that dies (out of memory, say) takes its own images with it and no others.
        member.worker.on('error', (cause) => this.#bury(member, cause));
        member.worker.on('exit', () => this.#bury(member, undefined));
        return member;
    }
    #bury(member, cause) {
        if (!this.#members.delete(member))
            return;
        for (const { path, reject } of member.jobs.values()) {
            const reason = cause?.message ?? 'it ended';
            reject(new ImageError(`cannot read image ${path}: its decoding thread stopped: ${reason}`, {
                where: path,
                cause,
            }));
        }
        if (!this.#closed)
            this.#dispatch();
    }
}
const closedError = (path) => new ImageError(`cannot read image ${path}: the loader is closed`, { where: path });
/** Threads run JavaScript on every supported Node, so from TypeScript sources the built file is taken. */
function workerUrl() {
    if (!import.meta.url.endsWith('.ts'))
        return new URL('./decodeWorker.js', import.meta.url);
    const built = new URL('../../dist/data/decodeWorker.js', import.meta.url);
    if (!existsSync(built)) {
        throw new ImageError(`cannot decode images: ${built.pathname} is missing`, {
            fix: 'Run `npm run build`.',
        });
    }
    return built;
}
//# sourceMappingURL=decodePool.js.map