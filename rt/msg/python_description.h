/* SPDX-License-Identifier: Apache-2.0 */
/* What a Python task is: all that its host and its child need to know, in its slot file as CBOR.
 *
 * One map with text keys, those of python_description.c; enums and types have the form that they
 * have in a catalog, in lists where a nested type stands before those that contain it. Unknown keys
 * are skipped. */
#ifndef TAKT_MSG_PYTHON_DESCRIPTION_H
#define TAKT_MSG_PYTHON_DESCRIPTION_H

#include <takt/type.h>

#include "rt/base/err.h"
#include "rt/base/tags.h"

#define TAKT_PYTHON_VERSION 1u
/* What check, status and record say of a graph that has such a task. */
#define TAKT_PYTHON_PROTOTYPE "prototype: Python on the live path"
#define TAKT_PYTHON_NO_TYPE UINT32_MAX
#define TAKT_PYTHON_ARGS_MAX 256u
#define TAKT_PYTHON_VARIABLES_MAX 256u
#define TAKT_PYTHON_STATE_PORT "state"	/* the output that the state is recorded as */

enum takt_python_mode { TAKT_PYTHON_PROCESS = 0, TAKT_PYTHON_EMBEDDED };
enum takt_python_transport { TAKT_PYTHON_CBOR = 0, TAKT_PYTHON_SHM };
enum takt_python_wait { TAKT_PYTHON_WAIT_NONE = 0, TAKT_PYTHON_WAIT_CYCLE };

struct takt_python_variable {		/* of env */
	const char *name;
	const char *value;
};

struct takt_python_arg {
	const char *text;
};

struct takt_python_settings {		/* as the graph says, defaults filled in */
	const char *script;		/* absolute */
	uint32_t mode;			/* enum takt_python_mode */
	uint32_t transport;		/* enum takt_python_transport */
	uint32_t wait;			/* enum takt_python_wait */
	int32_t nice;
	uint64_t timeout_ns;		/* later answers are dropped; 0: no limit but stuck_after_ns */
	uint64_t stuck_after_ns;	/* a call that takes longer ends the child */
	uint64_t start_timeout_ns;	/* from the spawn to the return of `start` */
	uint64_t stop_timeout_ns;
	const char *interpreter;	/* a name to be looked for in PATH, or an absolute path */
	const char *venv;		/* absolute, "" for none */
	const struct takt_python_arg *args;	/* behind the script in sys.argv */
	const struct takt_python_variable *env;
	uint32_t arg_count;
	uint32_t env_count;
	const char *cpus;		/* list of CPUs; with ^ before it: all but those; "": all */
	uint64_t memory_bytes;		/* limit, 0: none */
	uint32_t restarts;		/* allowed within restart_window_ns */
	uint64_t restart_window_ns;
	uint64_t backoff_ns;		/* before the first restart; doubles up to … */
	uint64_t backoff_max_ns;
};

struct takt_python_port {
	const char *name;
	uint32_t type;			/* index into types */
};

struct takt_python_description {
	uint32_t version;		/* TAKT_PYTHON_VERSION */
	struct takt_python_settings settings;
	const char *graph;		/* its name */
	const char *graph_path;		/* as given */
	const char *graph_dir;		/* absolute */
	const char *task_id;
	uint32_t task;			/* index in plan order */
	uint64_t run;
	uint64_t seed;			/* of the task */
	uint64_t period_ns;		/* of a cycle, 0: free running */
	uint32_t every;			/* cycles from call to call */
	bool virtual_time;
	const char *params;		/* JSON object */
	uint32_t text_level;		/* enum takt_level */
	uint32_t text_site;		/* format number of a text of level 0: that of level n is n
					 * more; one string */
	uint32_t stream;		/* number of the task's own stream of events, see record.h */
	struct takt_python_port *inputs;	/* in the graph's order, as in the slot file */
	struct takt_python_port *outputs;
	uint32_t input_count;
	uint32_t output_count;
	uint32_t state;			/* index into types, TAKT_PYTHON_NO_TYPE: none */
	const struct takt_type **types;
	uint32_t type_count;
};

/* Encode into a new buffer (free()). Returns 0, -ENOMEM, -E2BIG, -EINVAL (takt_layouts_create).
 * [setup] */
TAKT_SETUP int takt_python_description_encode(const struct takt_python_description *description,
					      void **ret_bytes, uint32_t *ret_size_bytes,
					      struct takt_err *err);

/* Decode outside input. Every index is checked, every type laid out; texts are never NULL. Free it
 * with takt_python_description_destroy. Returns 0, -EBADMSG, -EPROTO (written by a newer takt),
 * -ENOMEM.  [bg] */
TAKT_BG int takt_python_description_decode(const void *bytes, uint32_t size_bytes,
					   struct takt_python_description **ret_description,
					   struct takt_err *err);
TAKT_BG void takt_python_description_destroy(struct takt_python_description *description);

#endif
