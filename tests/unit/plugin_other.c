/* Plug-ins to load beside plugin_good.c; VARIANT says how they go together with it. */
#include <takt/task.h>

#if VARIANT == 1		/* not: another type of the same name */
#define VEC(F) F(f32, x, "m", "east") F(f64, z, "m", "up")
#else
#define VEC(F) F(f64, x, "m", "east") F(f64, y, "m", "north")
#endif
TAKT_MESSAGE(vec, "a vector", VEC)

#if VARIANT == 1
#define NAME alone
#define PORTS(IN, OUT) OUT(out, vec, "a vector")
#elif VARIANT == 2		/* not: a task of the same name */
#define NAME src
#define PORTS(IN, OUT) OUT(out, vec, "a vector")
#else				/* well: the same type from another source file, in one of its own */
#define FRAME(F) F(struct(vec), origin, "", "where")
TAKT_MESSAGE(frame, "a frame", FRAME)
#define NAME framer
#define PORTS(IN, OUT) OUT(out, frame, "a frame")
#endif

static int nothing(struct takt_ctx *ctx)
{
	(void)ctx;
	return 0;
}

#define TASK(name_)                                                                                \
	TAKT_INTERFACE(name_, PORTS, TAKT_NO_PARAMS)                                               \
	TAKT_TASK(name_, TAKT_SOURCE, struct takt_stateless, "", TAKT_PROCESS(nothing))            \
	TAKT_PLUGIN("other", "1", name_)
TASK(NAME)
