/* What C11 code sees of the SDK. */
#include "tests/unit/sdk_rich.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

#define RICH_METHOD(name)                                                                          \
	static int name(struct takt_ctx *ctx)                                                      \
	{                                                                                          \
		return (int)ctx->cycle;                                                            \
	}
RICH_METHOD(rich_new)
RICH_METHOD(rich_start)
RICH_METHOD(rich_preprocess)
RICH_METHOD(rich_process)
RICH_METHOD(rich_postprocess)
RICH_METHOD(rich_stop)

static void rich_failsafe(struct takt_ctx *ctx)
{
	(void)ctx;
}

TAKT_TASK(rich_filter, TAKT_FILTER, struct rich_state, "everything", TAKT_FAILSAFE(rich_failsafe),
	  TAKT_NEW(rich_new), TAKT_START(rich_start), TAKT_PREPROCESS(rich_preprocess),
	  TAKT_PROCESS(rich_process), TAKT_POSTPROCESS(rich_postprocess), TAKT_STOP(rich_stop),
	  TAKT_LIVE_PARAMS("gain,on"), TAKT_KEYFRAME(rich_point))
TAKT_TASK(rich_sink, TAKT_SINK, struct takt_stateless, "nothing", TAKT_PROCESS(rich_process))
TAKT_TASK(rich_source, TAKT_SOURCE, struct takt_stateless, "points", TAKT_PROCESS(rich_process))
TAKT_PLUGIN("rich", "2.1", rich_filter, rich_sink, rich_source)

#include "tests/unit/sdk_body.inc"
