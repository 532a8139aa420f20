/* SPDX-License-Identifier: Apache-2.0 */
/* The host's parts, between its files: host.c (life of the thread), host_child.c (one child),
 * host_call.c. */
#ifndef TAKT_PYHOST_PROC_HOST_INNER_H
#define TAKT_PYHOST_PROC_HOST_INNER_H

#include <pthread.h>

#include "pyhost/proc/budget.h"
#include "pyhost/proc/channel.h"
#include "pyhost/proc/host.h"
#include "rt/os/thread.h"
#include "rt/shm/pyslot.h"

struct takt_pyhost {
	/* constant while the thread runs */
	const struct takt_region *region;
	const struct takt_pyhost_paths *paths;
	struct takt_python_description *description;
	struct takt_frame_ports ports;
	const struct takt_layout *layouts[TAKT_PYSLOT_PORTS_MAX];	/* inputs, then outputs */
	const char *output_names[TAKT_PYSLOT_PORTS_MAX];
	struct takt_layout **all_layouts;	/* of the description's types */
	uint64_t hash;
	struct takt_thread thread;

	/* between the threads */
	_Atomic bool is_asked;		/* manager -> host; relaxed, nothing goes with it */
	_Atomic bool is_over;		/* host -> manager; release */

	/* the thread's */
	struct takt_pyslot slot;
	struct takt_pyhost_child child;
	struct takt_pyhost_events events;
	struct takt_channel channel;
	struct takt_budget budget;
	uint64_t spawned_ns;
	uint64_t number;		/* of the call that the child has, 0: none */
	uint64_t called_ns;		/* when the last call was seen */
	bool is_final;			/* starting again is no use */
	char version[64];		/* of Python */
	char why[128];			/* it is final, or was killed */
};

/* --- host_child.c ---------------------------------------------------------------------------- */

/* Whether the run, or the manager, wants the end. */
bool takt_pyhost_is_ending(const struct takt_pyhost *host);

/* Make a child and lead it to `started`. 0, or < 0: it is gone, all is recorded. */
int takt_pyhost_begin_child(struct takt_pyhost *host);

/* Call stop, within the limit; end the child. */
void takt_pyhost_stop_child(struct takt_pyhost *host);

/* The child is of no use any more, or gone: end it, record why it ended, answer its call with
 * @result. */
void takt_pyhost_drop_child(struct takt_pyhost *host, int result);

/* Kill it for what it did not do in time. */
void takt_pyhost_kill_child(struct takt_pyhost *host, const char *what, uint64_t since_ns);

/* Record the exception that @answer tells, with all lines of its traceback as texts. */
void takt_pyhost_note_exception(struct takt_pyhost *host, const struct takt_frame_answer *answer);

/* --- host_call.c ----------------------------------------------------------------------------- */

/* Hand over calls until the child fails (< 0: it is gone) or the end is wanted (0). */
int takt_pyhost_serve(struct takt_pyhost *host);

/* Wait for the answer to the call that the child has. 0: it is answered, or none was there; < 0:
 * as above. */
int takt_pyhost_finish_call(struct takt_pyhost *host, uint64_t until_ns);

/* Answer a call that no child can answer. */
void takt_pyhost_refuse_call(struct takt_pyhost *host, int result);

#endif
