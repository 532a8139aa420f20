"""The body of demo.yaml's task `python`: two inputs, two outputs, and a state that survives a restart."""


def start(ctx, state):
    ctx.log.info("starts with %d calls", state.calls)


def process(ctx, input, state, output):
    left, right = input
    summary, totals = output
    if left.payload is None or right.payload is None:
        return
    state.calls += 1
    state.total += left.payload.value
    state.last_tag = right.payload.tag

    summary.payload.doubled = 2 * left.payload.value
    summary.payload.tag = right.payload.tag
    summary.payload.calls = state.calls
    totals.payload.total = state.total
    totals.payload.last_tag = state.last_tag


def stop(ctx, state):
    ctx.log.info("stops after %d calls", state.calls)
