/* A plug-in for tests of the graph: tasks with ports that the graph types. */
#include <takt/task.h>

static int nothing(struct takt_ctx *ctx)
{
	(void)ctx;
	return 0;
}

#define ANY_SRC_PORTS(IN, OUT) OUT(row, takt_any, "whatever")
TAKT_INTERFACE(any_src, ANY_SRC_PORTS, TAKT_NO_PARAMS)
TAKT_TASK(any_src, TAKT_SOURCE, struct takt_stateless, "gives anything", TAKT_PROCESS(nothing))

#define ANY_MAP_PORTS(IN, OUT) IN(in, takt_any, "whatever") OUT(out, takt_any, "whatever else")
TAKT_INTERFACE(any_map, ANY_MAP_PORTS, TAKT_NO_PARAMS)
TAKT_TASK(any_map, TAKT_FILTER, struct takt_stateless, "anything to anything", TAKT_PROCESS(nothing))

#define ANY_END_PORTS(IN, OUT) IN(row, takt_any, "whatever")
TAKT_INTERFACE(any_end, ANY_END_PORTS, TAKT_NO_PARAMS)
TAKT_TASK(any_end, TAKT_SINK, struct takt_stateless, "takes anything", TAKT_PROCESS(nothing))

TAKT_PLUGIN("open", "1", any_src, any_map, any_end)
