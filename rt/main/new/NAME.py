"""The task `watch` of NAME, in Python: tells when the smoothed distance is high.

The end of NAME.yaml says how it gets into the graph. process is called once a cycle; input.payload is the
message, None when none came; state is the task's own and stays between calls; an output whose payload is not
touched is absent. `make check` calls it with what was recorded.
"""

HIGH_M = 0.8


def start(ctx, state):
    ctx.log.info("watching for more than %.2f m", HIGH_M)


def process(ctx, input, state, output):
    sample = input.payload
    if sample is None:
        return
    is_high = sample.distance > HIGH_M
    if is_high and not state.was_high:
        state.count += 1
        ctx.log.info("sample %d: %.2f m", sample.number, sample.distance)
    state.was_high = is_high
    output.payload.is_high = is_high


def stop(ctx, state):
    ctx.log.info("high %d times", state.count)
