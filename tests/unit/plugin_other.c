/* A plug-in for tests of the graph that does not go together with plugin_good.c: VARIANT says why. */
#include <takt/task.h>

#if VARIANT == 1		/* another type of the same name */
#define VEC(F) F(f32, x, "m", "east") F(f64, z, "m", "up")
#define NAME alone
#else				/* a task of the same name */
#define VEC(F) F(f64, x, "m", "east") F(f64, y, "m", "north")
#define NAME src
#endif
TAKT_MESSAGE(vec, "a vector", VEC)

static int nothing(struct takt_ctx *ctx)
{
	(void)ctx;
	return 0;
}

#define PORTS(IN, OUT) OUT(out, vec, "a vector")
#define TASK(name_)                                                                                \
	TAKT_INTERFACE(name_, PORTS, TAKT_NO_PARAMS)                                               \
	TAKT_TASK(name_, TAKT_SOURCE, struct takt_stateless, "", TAKT_PROCESS(nothing))            \
	TAKT_PLUGIN("other", "1", name_)
TASK(NAME)
