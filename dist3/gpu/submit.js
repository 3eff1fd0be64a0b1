/** A dispatch list in pieces, each of which should keep the device busy for at most `budget` cost. */
export function chunkDispatches(dispatches, budget) {
    const chunks = [];
    let sum = Number.POSITIVE_INFINITY;
    for (const dispatch of dispatches) {
        if (sum + dispatch.cost > budget) {
            chunks.push([]);
            sum = 0;
        }
        chunks.at(-1).push(dispatch);
        sum += dispatch.cost;
    }
    return chunks;
}
/** One encoder, one compute pass, one submit: the dispatches in order, then the copies. */
export function submit(device, label, dispatches, copies = []) {
    const encoder = device.createCommandEncoder({ label });
    if (dispatches.length > 0) {
        const pass = encoder.beginComputePass({ label });
        for (const { pipeline, bindGroup, grid } of dispatches) {
            pass.setPipeline(pipeline);
            pass.setBindGroup(0, bindGroup);
            pass.dispatchWorkgroups(...grid);
        }
        pass.end();
    }
    for (const { from, fromOffset, to, toOffset, bytes } of copies) {
        encoder.copyBufferToBuffer(from, fromOffset, to, toOffset, bytes);
    }
    device.queue.submit([encoder.finish()]);
}
//# sourceMappingURL=submit.js.map