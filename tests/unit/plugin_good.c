/* A plug-in for tests of the graph: every kind of task, port and parameter. */
#include <takt/task.h>

#define MODE(V) V(MODE_OFF, 0, "off") V(MODE_SLOW, 1, "slow") V(MODE_FAST, 7, "fast")
TAKT_ENUM(mode, "how it goes", MODE)

#define VEC(F) F(f64, x, "m", "east") F(f64, y, "m", "north")
TAKT_MESSAGE(vec, "a vector", VEC)

#define POSE(F)                                                                                    \
	F(struct(vec), at, "", "where")                                                            \
	F(enum(mode), mode, "", "how")                                                             \
	F(list(u8, 32), seen, "1", "what")
TAKT_MESSAGE(pose, "a place", POSE)

static int nothing(struct takt_ctx *ctx)
{
	(void)ctx;
	return 0;
}

static int talk(struct takt_ctx *ctx)
{
	takt_info(ctx, "cycle %lu", (unsigned long)ctx->cycle);
	takt_debug(ctx, "%s at %f", "now", 0.5);
	return 0;
}

#define SRC_PORTS(IN, OUT) OUT(pose, pose, "the place")
TAKT_INTERFACE(src, SRC_PORTS, TAKT_NO_PARAMS)
TAKT_TASK(src, TAKT_SOURCE, struct takt_stateless, "gives a place", TAKT_PROCESS(talk))

#define TWO_PORTS(IN, OUT) OUT(left, vec, "left") OUT(right, vec, "right")
TAKT_INTERFACE(two, TWO_PORTS, TAKT_NO_PARAMS)
TAKT_TASK(two, TAKT_SOURCE, struct takt_stateless, "gives two vectors", TAKT_PROCESS(nothing))

#define EST_PORTS(IN, OUT) IN(raw, pose, "in") OUT(state, vec, "out") IN(back, vec, "of before")
TAKT_INTERFACE(est, EST_PORTS, TAKT_NO_PARAMS)
TAKT_TASK(est, TAKT_FILTER, struct takt_stateless, "joins", TAKT_PROCESS(nothing))

#define MAP_PORTS(IN, OUT) IN(in, vec, "in") OUT(out, vec, "out")
TAKT_INTERFACE(map, MAP_PORTS, TAKT_NO_PARAMS)
TAKT_TASK(map, TAKT_FILTER, struct takt_stateless, "vector to vector", TAKT_PROCESS(nothing))

#define END_PORTS(IN, OUT) IN(in, vec, "in")
TAKT_INTERFACE(end, END_PORTS, TAKT_NO_PARAMS)
TAKT_TASK(end, TAKT_SINK, struct takt_stateless, "takes a vector", TAKT_PROCESS(nothing))

#define PAR_PARAMS(P)                                                                              \
	P(f64, timeout, "s", 0.5, 0, 60, "a time")                                                 \
	P(f32, gain, "", 1.5f, -10, 10, "no unit")                                                 \
	P(bool, fast, "", true, , , "yes or no")                                                   \
	P(i8, small, "", -5, -100, , "whole")                                                      \
	P(u64, large, "", 0xffu, , , "whole")                                                      \
	P(u32, size, "B", 1024u, 1, 65536, "with a unit")                                          \
	P(enum(mode), mode, "", slow, , , "a shown name")                                          \
	P(text(16), label, "", "a\"b", , , "a text")                                               \
	P(text(512), file, "path", "data/x.nmea", , , "a path")                                    \
	P(array(f32, 3), sigma, "m", (1, 2.5, 3), 0, 100, "three")                                 \
	P(list(u16, 4), ids, "", (), 1, , "up to four")                                            \
	P(i32, must, "m", , , , "has to be given")
TAKT_INTERFACE(par, SRC_PORTS, PAR_PARAMS)
TAKT_TASK(par, TAKT_SOURCE, struct takt_stateless, "has parameters", TAKT_PROCESS(nothing))

TAKT_INTERFACE(key, SRC_PORTS, TAKT_NO_PARAMS)
TAKT_TASK(key, TAKT_SOURCE, struct takt_stateless, "has a keyframe", TAKT_PROCESS(nothing),
	  TAKT_KEYFRAME(vec))

#define LIVE_PARAMS(P) P(f64, gain, "", 1, , , "may change")
TAKT_INTERFACE(live, SRC_PORTS, LIVE_PARAMS)
TAKT_TASK(live, TAKT_SOURCE, struct takt_stateless, "has live parameters", TAKT_PROCESS(nothing),
	  TAKT_LIVE_PARAMS("gain"))

#define TUNE_PARAMS(P)                                                                             \
	P(array(f64, 3), gains, "1/s2", (70, 7, 0.00015), 0, 100, "a unit that begins with a digit") \
	P(f64, span, "deg", 240, , , "a round number")                                             \
	P(f32, far, "m", 1e6f, , , "another")                                                      \
	P(f64, rate, "1/s", , 0, 100, "has to be given")
TAKT_INTERFACE(tune, SRC_PORTS, TUNE_PARAMS)
TAKT_TASK(tune, TAKT_SOURCE, struct takt_stateless, "has gains", TAKT_PROCESS(nothing))

static const char *dev_check(const void *params, char *text, size_t text_bytes);

#define DEV_PARAMS(P) P(u32, odd, "", 1, , , "an odd number")
TAKT_INTERFACE(dev, SRC_PORTS, DEV_PARAMS)
TAKT_TASK(dev, TAKT_SOURCE, struct takt_stateless, "waits for a device", TAKT_PROCESS(nothing),
	  TAKT_CHECK_PARAMS(dev_check), TAKT_WAITS)

static const char *dev_check(const void *params, char *text, size_t text_bytes)
{
	const struct takt_params_dev *p = params;

	(void)text_bytes;
	(void)text;
	return p->odd % 2 ? NULL : "odd: 4 is even; give an odd number";
}

TAKT_PLUGIN("good", "1", src, two, est, map, end, par, key, live, dev, tune)
