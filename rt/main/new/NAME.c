/* The tasks of NAME: a source, which stands where a device will be read, and a filter behind it.
 * <takt/task.h> says what a task may do; what both send is declared here, with its units. */
#include <takt/task.h>

#define SAMPLE(F) \
	F(u32, number, "1", "how many so far, with this one") \
	F(f64, distance, "m", "what was measured")
TAKT_MESSAGE(NAME_sample, "one measurement", SAMPLE)

/* --- source: goes up and down between 0 and `height` -------------------------------------------- */

struct NAME_source { /* the task's state, zeroed before the first call */
	uint32_t count;
};

#define SOURCE_PORTS(IN, OUT) OUT(sample, NAME_sample, "one a cycle")
#define SOURCE_PARAMS(P) \
	P(f64, height, "m", 1, 0, 100, "the upper of the two distances") \
	P(u32, every, "1", 25, 1, , "samples between two steps")
TAKT_INTERFACE(NAME_source, SOURCE_PORTS, SOURCE_PARAMS)

static int source_process(struct takt_ctx *ctx)
{
	const struct takt_params_NAME_source *params = TAKT_PARAMS(ctx, NAME_source);
	struct NAME_source *source = TAKT_STATE(ctx, struct NAME_source);
	struct NAME_sample *sample = TAKT_OUT(ctx, NAME_source, sample);
	const bool is_up = source->count / params->every % 2 == 1;

	sample->distance = is_up ? params->height : 0;
	if (source->count % params->every == 0) {
		takt_info(ctx, "steps to %.1f m", sample->distance);
	}
	source->count++;
	sample->number = source->count;
	return 0;
}

TAKT_TASK(NAME_source, TAKT_SOURCE, struct NAME_source, "measures a made-up distance",
	  TAKT_PROCESS(source_process))

/* --- filter: smooths it -------------------------------------------------------------------------- */

struct NAME_smooth {
	double distance;
};

#define SMOOTH_PORTS(IN, OUT) \
	IN(sample, NAME_sample, "what is smoothed") \
	OUT(smooth, NAME_sample, "the same, smoothed")
#define SMOOTH_PARAMS(P) P(f64, weight, "1", 0.5, 0, 1, "of the new sample; the rest is the past's")
TAKT_INTERFACE(NAME_smooth, SMOOTH_PORTS, SMOOTH_PARAMS)

static int smooth_process(struct takt_ctx *ctx)
{
	const struct NAME_sample *sample = TAKT_IN(ctx, NAME_smooth, sample);
	struct NAME_smooth *smooth = TAKT_STATE(ctx, struct NAME_smooth);
	struct NAME_sample *out;

	if (!sample) {
		return 0; /* nothing came this cycle, and so nothing goes on */
	}
	smooth->distance += TAKT_PARAMS(ctx, NAME_smooth)->weight * (sample->distance - smooth->distance);
	out = TAKT_OUT(ctx, NAME_smooth, smooth);
	out->number = sample->number;
	out->distance = smooth->distance;
	return 0;
}

TAKT_TASK(NAME_smooth, TAKT_FILTER, struct NAME_smooth, "smooths a distance",
	  TAKT_PROCESS(smooth_process))

TAKT_PLUGIN("NAME", "1", NAME_source, NAME_smooth)
