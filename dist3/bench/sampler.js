const SAMPLE_MS = 20;
const WARM_SAMPLES = 5;
const WARM_SPREAD = 0.1;
const WARM_MOST = 25;
/**
 * Wall time of one run. Warms up until five samples in a row lie within 10 % of each other (25 at most), then
 * takes `samples`; each is as many runs as fill 20 ms, with one wait at its end and no read-back.
 */
export async function sample(each, samples = 9) {
    const once = async (repeats) => {
        const started = performance.now();
        each.enqueue(repeats);
        await each.finish();
        return (performance.now() - started) / repeats;
    };
    const warm = [];
    let repeats = 1;
    do {
        const ms = await once(repeats);
        warm.push(ms);
        repeats = Math.max(1, Math.min(1000, Math.ceil(SAMPLE_MS / ms)));
    } while (!agree(warm.slice(-WARM_SAMPLES)) && warm.length < WARM_MOST);
    const times = [];
    for (let i = 0; i < samples; i++)
        times.push(await once(repeats));
    times.sort((a, b) => a - b);
    const at = (share) => times[Math.round(share * (times.length - 1))];
    return { medianMs: at(0.5), p10Ms: at(0.1), p90Ms: at(0.9), runs: samples * repeats };
}
const agree = (times) => times.length === WARM_SAMPLES && Math.max(...times) <= Math.min(...times) * (1 + WARM_SPREAD);
//# sourceMappingURL=sampler.js.map