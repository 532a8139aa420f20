// The tasks of NAME: a source, which stands where a device will be read, and a filter behind it.
// <takt/task.h> says what a task may do; what both send is declared here, with its units.
#include <takt/task.h>

#define SAMPLE(F) \
	F(u32, number, "1", "how many so far, with this one") \
	F(f64, distance, "m", "what was measured")
TAKT_MESSAGE(NAME_sample, "one measurement", SAMPLE)

// --- source: goes up and down between 0 and `height` ------------------------------------------------

#define SOURCE_PORTS(IN, OUT) OUT(sample, NAME_sample, "one a cycle")
#define SOURCE_PARAMS(P) \
	P(f64, height, "m", 1, 0, 100, "the upper of the two distances") \
	P(u32, every, "1", 25, 1, , "samples between two steps")
TAKT_INTERFACE(NAME_source, SOURCE_PORTS, SOURCE_PARAMS)

namespace {

// The task's state, zeroed before the first call. One that has a constructor is made in the method
// `new`, by placement new in ctx->state. No exception may leave a method.
class Source {
public:
	void process(takt_ctx *ctx)
	{
		const auto &params = *TAKT_PARAMS(ctx, NAME_source);
		NAME_sample &sample = *TAKT_OUT(ctx, NAME_source, sample);
		const bool is_up = count_ / params.every % 2 == 1;

		sample.distance = is_up ? params.height : 0;
		if (count_ % params.every == 0) {
			takt_info(ctx, "steps to %.1f m", sample.distance);
		}
		count_++;
		sample.number = count_;
	}

private:
	uint32_t count_;
};

} // namespace

static int source_process(takt_ctx *ctx)
{
	TAKT_STATE(ctx, Source)->process(ctx);
	return 0;
}

TAKT_TASK(NAME_source, TAKT_SOURCE, Source, "measures a made-up distance", TAKT_PROCESS(source_process))

// --- filter: smooths it --------------------------------------------------------------------------------

#define SMOOTH_PORTS(IN, OUT) \
	IN(sample, NAME_sample, "what is smoothed") \
	OUT(smooth, NAME_sample, "the same, smoothed")
#define SMOOTH_PARAMS(P) P(f64, weight, "1", 0.5, 0, 1, "of the new sample; the rest is the past's")
TAKT_INTERFACE(NAME_smooth, SMOOTH_PORTS, SMOOTH_PARAMS)

namespace {

class Smooth {
public:
	void process(takt_ctx *ctx)
	{
		const NAME_sample *sample = TAKT_IN(ctx, NAME_smooth, sample);

		if (!sample) {
			return; // nothing came this cycle, and so nothing goes on
		}
		distance_ += TAKT_PARAMS(ctx, NAME_smooth)->weight * (sample->distance - distance_);

		NAME_sample &out = *TAKT_OUT(ctx, NAME_smooth, smooth);

		out.number = sample->number;
		out.distance = distance_;
	}

private:
	double distance_;
};

} // namespace

static int smooth_process(takt_ctx *ctx)
{
	TAKT_STATE(ctx, Smooth)->process(ctx);
	return 0;
}

TAKT_TASK(NAME_smooth, TAKT_FILTER, Smooth, "smooths a distance", TAKT_PROCESS(smooth_process))

TAKT_PLUGIN("NAME", "1", NAME_source, NAME_smooth)
