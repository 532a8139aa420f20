/* SPDX-License-Identifier: Apache-2.0 */
/* A source that writes texts of every level each cycle, also limited ones. */
#include <takt/task.h>

#define BEAT(F) F(u32, count, "1", "calls so far, with this one")
TAKT_MESSAGE(beat, "one beat", BEAT)

#define TALKER_PORTS(IN, OUT) OUT(beat, beat, "one a cycle")
#define TALKER_PARAMS(P)                                                                           \
	P(u32, flood, "1", 0, , , "texts of debug and of info a cycle beside")                     \
	P(u32, warn_every, "1", 10, 1, , "cycles between two warnings, and between two errors")    \
	P(bool, limited, "", false, , , "whether limited texts are written")
TAKT_INTERFACE(talker, TALKER_PORTS, TALKER_PARAMS)

struct talker {
	uint32_t count;
};

static int talker_process(struct takt_ctx *ctx)
{
	const struct takt_params_talker *params = TAKT_PARAMS(ctx, talker);
	struct talker *t = TAKT_STATE(ctx, struct talker);

	TAKT_OUT(ctx, talker, beat)->count = t->count;
	takt_debug(ctx, "debug %u", t->count);
	takt_info(ctx, "info %u", t->count);
	for (uint32_t i = 0; i < params->flood; i++) {
		takt_debug(ctx, "flood %u of %s", i, ctx->task_id);
		takt_info(ctx, "flood %u of %s", i, ctx->task_id);
	}
	if (t->count % params->warn_every == 0) {
		takt_warning(ctx, "warning %u", t->count);
		takt_error(ctx, "error %u\nin two lines", t->count);
	}
	if (params->limited) {
		takt_info_once(ctx, "once %u", t->count);
		takt_info_every_n(ctx, 100, "every 100: %u", t->count);
		takt_info_rate(ctx, 10, "10 Hz: %u", t->count);
	}
	t->count++;
	return 0;
}

TAKT_TASK(talker, TAKT_SOURCE, struct talker, "talks", TAKT_PROCESS(talker_process))
TAKT_PLUGIN("test_texts", "1", talker)
