/* SPDX-License-Identifier: Apache-2.0 */
/* A graph file, checked against its plug-ins and put in order: what the engine runs.
 *
 * takt_graph_load reads and checks the file (rt/config), loads the plug-ins, resolves tasks, ports,
 * types and parameters, and orders the tasks. It starts nothing and changes nothing. */
#ifndef TAKT_GRAPH_PLAN_H
#define TAKT_GRAPH_PLAN_H

#include <takt/task.h>

#include "rt/base/err.h"
#include "rt/base/tags.h"
#include "rt/msg/layout.h"
#include "rt/msg/python_description.h"

enum takt_exec { TAKT_EXEC_LANE = 0, TAKT_EXEC_IO, TAKT_EXEC_BACKGROUND, TAKT_EXEC_PYTHON };
enum takt_take { TAKT_TAKE_NEWEST = 0, TAKT_TAKE_ALL };
enum takt_on_error { TAKT_ON_ERROR_IGNORE = 0, TAKT_ON_ERROR_ABORT_CYCLE, TAKT_ON_ERROR_SHUTDOWN };
enum takt_overrun { TAKT_OVERRUN_SKIP = 0, TAKT_OVERRUN_CATCH_UP, TAKT_OVERRUN_STOP };
enum takt_wait { TAKT_WAIT_SLEEP = 0, TAKT_WAIT_SPIN };

#define TAKT_CPU_AUTO (-1)
#define TAKT_NO_OUTPUT UINT32_MAX

struct takt_plan_input {
	const struct takt_port *port;
	const struct takt_type *type;	/* of the port; the graph's where the port is open */
	uint32_t output;		/* producing output's number; TAKT_NO_OUTPUT: not connected (optional) */
	uint32_t delay;			/* 0, or 1: the previous cycle's message */
	uint64_t hold_ns;		/* 0: no hold */
};

struct takt_plan_output {
	const struct takt_port *port;
	const struct takt_layout *layout;
	uint32_t task;
	uint32_t slots;			/* messages per cycle at most: 1, or the queue of a `take: all` task */
	bool recorded;
	bool delayed;			/* some input reads it with delay 1 */
};

struct takt_plan_task {
	const char *id;
	const struct takt_task *type;
	const struct takt_plugin *plugin;
	enum takt_exec exec;
	enum takt_take take;
	enum takt_on_error on_error;
	uint32_t every;			/* cycles, >= 1 */
	uint32_t offset;		/* < every */
	uint32_t queue;			/* io and background: messages kept */
	int cpu;			/* io and background: CPU number or TAKT_CPU_AUTO */
	uint32_t cpu_line;		/* where the graph file says so; 0: it does not */
	uint32_t cpu_column;
	int priority;			/* io: 0 = SCHED_OTHER, else SCHED_FIFO priority below the lane's */
	uint32_t text_level;
	void *params;			/* the task's params struct, filled; type->params_bytes */
	char *params_json;
	struct takt_plan_input *inputs;	/* in the order of the type's input ports */
	uint32_t input_count;
	uint32_t first_output;		/* outputs are numbered task by task, in port order */
	uint32_t output_count;
	const struct takt_python_settings *python;	/* TAKT_EXEC_PYTHON, else NULL */
	const struct takt_layout *state;	/* Python: of its state, the last output; NULL: it has none */
	uint32_t line;			/* of the task in the graph file */
};

struct takt_plan {
	char *path;			/* of the graph file, as given */
	char *dir;			/* its folder, absolute */
	char *name;
	char *config_text;		/* effective configuration, YAML */
	char *log_dir;			/* absolute, NULL: default */
	uint64_t period_ns;		/* 0: free running */
	int cpu;			/* of the lane, TAKT_CPU_AUTO */
	uint32_t cpu_line;		/* where the graph file says so; 0: it does not */
	uint32_t cpu_column;
	int priority;			/* SCHED_FIFO 1..95 */
	enum takt_wait wait;
	enum takt_overrun overrun;
	uint32_t catch_up_max;
	uint64_t stuck_after_ns;
	bool strict;
	uint64_t flush_ns;
	uint64_t sync_ns;
	uint64_t segment_bytes;
	uint64_t segment_age_ns;	/* these four: 0: no limit */
	uint64_t retention_bytes;
	uint64_t retention_age_ns;
	uint64_t retention_free_bytes;
	uint64_t arena_bytes;		/* 0: computed from stall_ns */
	uint64_t stall_ns;		/* seconds of recording that the arena must hold */
	struct takt_plan_task *tasks;	/* in plan order: a producer before its readers */
	uint32_t task_count;
	uint32_t python_count;		/* of the tasks */
	struct takt_plan_output *outputs;
	uint32_t output_count;
	const struct takt_type **types;	/* all in use, nested ones (which `of` points to) first;
					 * copies: find a port's type by its name */
	uint32_t type_count;
	const struct takt_layout **layouts;	/* of types, same index */
	struct takt_plugin_handle **plugins;	/* loaded plug-ins, and what stands for one of a Python task */
	uint32_t plugin_count;
	uint32_t text_site_count;	/* sites are numbered 0.. over all plug-ins, in takt_text_site.id */
	uint32_t copperlist_bytes_max;	/* largest record that a cycle can make, head and rows included */
	uint32_t scratch_bytes_max;	/* largest sum of payloads that are not recorded */
	const char **notes;		/* what may be missing when it runs: "FILE:LINE:COLUMN: …" */
	uint32_t note_count;
	struct takt_plan_memory *memory;	/* private: what all of this lies in */
};

struct takt_plugin_handle {
	char *path;			/* NULL: of a Python task */
	const struct takt_plugin *plugin;
	void *handle;			/* dlopen; never closed */
	uint32_t first_text_site;
	uint32_t text_site_count;
};

/* Load @path. Paths in the file are relative to it. Returns 0, or -errno with @err saying
 * file:line:column, what is wrong and the nearest valid thing.  [setup] */
TAKT_SETUP int takt_graph_load(const char *path, struct takt_plan **ret_plan, struct takt_err *err);
TAKT_SETUP void takt_plan_destroy(struct takt_plan *plan);

#endif
