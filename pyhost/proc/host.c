/* SPDX-License-Identifier: Apache-2.0 */
#include "pyhost/proc/host.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "pyhost/proc/host_inner.h"
#include "rt/clock/clock.h"
#include "rt/os/cpus.h"
#include "rt/shm/region_guard.h"

#define TIMER_SLACK_NS 1000u		/* the default makes each sleep 50 us longer */
#define WAIT_STEP_NS 2000000		/* between restarts: looks at calls and at the end */
#define FAILED_STEP_NS 20000000

/* --- the thread ------------------------------------------------------------------------------ */

/* Sleep until @until_ns, but for the end; calls that come meanwhile are refused. */
static void wait_until(struct takt_pyhost *host, uint64_t until_ns, long step_ns)
{
	const struct timespec span = { 0, step_ns };

	while (!takt_pyhost_is_ending(host) && takt_clock_mono_ns() < until_ns) {
		takt_pyhost_refuse_call(host, -ECHILD);
		takt_pyhost_events_flush(&host->events, takt_clock_mono_ns(), false);
		nanosleep(&span, NULL);
	}
}

static void give_up(struct takt_pyhost *host)
{
	const int64_t values[4] = { (int64_t)host->budget.count };

	takt_pyhost_events_put(&host->events, takt_clock_mono_ns(), TAKT_EVENT_python_gave_up,
			       values,
			       host->why[0] ? host->why : "it ended too often");
	takt_pyhost_events_flush(&host->events, takt_clock_mono_ns(), true);
	takt_pyslot_set_phase(&host->slot, TAKT_PY_FAILED);
	wait_until(host, UINT64_MAX, FAILED_STEP_NS);
}

/* A child is gone. Returns whether there may be another. */
static bool may_restart(struct takt_pyhost *host)
{
	const uint64_t now_ns = takt_clock_mono_ns();
	uint64_t wait_ns = 0;
	int64_t values[4];

	if (host->is_final || takt_budget_take(&host->budget, host->spawned_ns, now_ns,
					       &wait_ns) < 0) {
		give_up(host);
		return false;
	}
	values[0] = (int64_t)host->budget.count;
	values[1] = (int64_t)wait_ns;
	values[2] = values[3] = 0;
	takt_pyhost_events_put(&host->events, now_ns, TAKT_EVENT_python_restart, values, NULL);
	wait_until(host, now_ns + wait_ns, WAIT_STEP_NS);
	return !takt_pyhost_is_ending(host);
}

static void live(struct takt_pyhost *host)
{
	bool goes_on = !takt_pyhost_is_ending(host);

	while (goes_on) {
		if (takt_pyhost_begin_child(host) == 0 && takt_pyhost_serve(host) == 0) {
			takt_pyhost_stop_child(host);
		}
		goes_on = !takt_pyhost_is_ending(host) && may_restart(host);
	}
}

static void *run(void *arg)
{
	struct takt_pyhost *host = arg;
	const struct takt_python_description *d = host->description;
	sigset_t all;
	uint32_t last;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	if (d->settings.cpus[0] == '^') {
		takt_cpu_avoid((int)strtol(d->settings.cpus + 1, NULL, 10));
	}
	prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
	takt_pyhost_events_open(&host->events, host->region, d->stream, d->task, d->text_site);
	takt_pyhost_refuse_call(host, -ECHILD);	/* what a host before us has left */
	live(host);
	/* While takt-rt goes on, this is not the end for good: another taktd may come. */
	last = TAKT_PY_ABSENT;
	if (atomic_load_explicit(&host->slot.lane->stopping, memory_order_acquire) != 0) {
		last = TAKT_PY_STOPPED;
	}
	if (takt_pyslot_phase(&host->slot) != TAKT_PY_FAILED || last == TAKT_PY_ABSENT) {
		takt_pyslot_set_phase(&host->slot, (enum takt_pyslot_phase)last);
	}
	takt_pyhost_refuse_call(host, -ECHILD);
	takt_pyhost_events_flush(&host->events, takt_clock_mono_ns(), true);
	/* Partner: takt_pyhost_is_over. */
	atomic_store_explicit(&host->is_over, true, memory_order_release);
	return NULL;
}

/* --- setting up ------------------------------------------------------------------------------ */

static int fits(const struct takt_layout *layout, const struct takt_pyslot_port *port)
{
	return layout->hash == port->layout_hash && layout->bytes == port->bytes_max &&
	       layout->fixed_bytes == port->bytes_min;
}

/* The ports, as the description says; the slot file must say the same. */
static int fill_ports(struct takt_pyhost *host, struct takt_err *err)
{
	const struct takt_python_description *d = host->description;
	const struct takt_pyslot_header *g = &host->slot.geometry;
	int r = takt_layouts_create(d->types, d->type_count, &host->all_layouts, err);
	bool is_fitting;

	if (r < 0) {
		return r;
	}
	is_fitting = d->input_count == g->input_count && d->output_count == g->output_count &&
		d->run == g->run;
	for (uint32_t i = 0; is_fitting && i < d->input_count + d->output_count; i++) {
		const struct takt_python_port *port =
			i < d->input_count ? &d->inputs[i] : &d->outputs[i - d->input_count];

		host->layouts[i] = host->all_layouts[port->type];
		host->output_names[i] = port->name;
		is_fitting = fits(host->layouts[i], &g->ports[i]);
	}
	if (is_fitting && d->state != TAKT_PYTHON_NO_TYPE) {
		host->ports.state = host->all_layouts[d->state];
		is_fitting = host->ports.state->hash == g->state_hash &&
			host->ports.state->bytes == g->state_bytes;
	}
	if (!is_fitting) {
		return takt_err_set(err, -EBADMSG, "task `%s`: slot and description do not fit",
				    d->task_id);
	}
	host->ports.inputs = host->layouts;
	host->ports.outputs = host->layouts + d->input_count;
	host->ports.output_names = host->output_names + d->input_count;
	host->ports.input_count = d->input_count;
	host->ports.output_count = d->output_count;
	host->hash = takt_frame_hash(&host->ports);
	return 0;
}

static int set_up(struct takt_pyhost *host, const char *task_id, struct takt_err *err)
{
	const struct takt_python_settings *s;
	uint32_t description_bytes;
	uint64_t request_bytes;
	int r = takt_pyslot_attach(host->region->path, task_id, true, &host->slot, err);

	if (r < 0) {
		return r;
	}
	takt_region_guard_add(host->slot.memory, host->slot.geometry.file_bytes);
	description_bytes = (uint32_t)host->slot.geometry.description_bytes;
	r = takt_python_description_decode(host->slot.description, description_bytes,
					   &host->description, err);
	r = r < 0 ? r : fill_ports(host, err);
	if (r < 0) {
		return r;
	}
	s = &host->description->settings;
	if (s->mode != TAKT_PYTHON_PROCESS || s->transport != TAKT_PYTHON_CBOR) {
		return takt_err_set(err, -ENOTSUP,
				    "task `%s`: this taktd runs `mode: process` with "
				    "`transport: cbor` only", host->description->task_id);
	}
	host->budget = (struct takt_budget){
		.restarts = s->restarts, .window_ns = s->restart_window_ns,
		.backoff_ns_min = s->backoff_ns, .backoff_ns_max = s->backoff_max_ns,
	};
	host->channel.child = &host->child;
	host->channel.events = &host->events;
	host->channel.texts = &host->slot.host->texts;
	request_bytes = takt_frame_request_bytes_max(&host->ports, description_bytes);
	if (takt_channel_init(&host->channel, request_bytes,
			      takt_frame_answer_bytes_max(&host->ports)) < 0) {
		return takt_err_set(err, -ENOMEM, "out of memory");
	}
	return 0;
}

static void free_host(struct takt_pyhost *host)
{
	takt_channel_fini(&host->channel);
	if (host->all_layouts) {
		takt_layouts_destroy(host->all_layouts, host->description->type_count);
	}
	takt_python_description_destroy(host->description);
	if (host->slot.memory) {
		takt_region_guard_remove(host->slot.memory);
	}
	takt_pyslot_close(&host->slot);
	free(host);
}

int takt_pyhost_start(const struct takt_region *region, const char *task_id,
		      const struct takt_pyhost_paths *paths, struct takt_pyhost **ret_host,
		      struct takt_err *err)
{
	struct takt_pyhost *host = calloc(1, sizeof(*host));
	struct takt_thread_spec spec = { .name = "python", .cpu = -1, .main = run, .arg = host };
	int r;

	if (!host) {
		return takt_err_set(err, -ENOMEM, "out of memory");
	}
	host->region = region;
	host->paths = paths;
	host->child = (struct takt_pyhost_child){ 0, -1, -1, -1 };
	r = set_up(host, task_id, err);
	if (r == 0) {
		r = takt_thread_start(&host->thread, &spec);
		if (r < 0) {
			takt_err_set(err, r, "no thread for task `%s`: %s", task_id, strerror(-r));
		}
	}
	if (r < 0) {
		free_host(host);
		return r;
	}
	*ret_host = host;
	return 0;
}

void takt_pyhost_ask_end(struct takt_pyhost *host)
{
	atomic_store_explicit(&host->is_asked, true, memory_order_relaxed);
}

bool takt_pyhost_is_over(const struct takt_pyhost *host)
{
	/* Partner: the release store at the thread's end. */
	return atomic_load_explicit(&host->is_over, memory_order_acquire);
}

void takt_pyhost_destroy(struct takt_pyhost *host)
{
	if (host) {
		takt_thread_join(&host->thread);
		free_host(host);
	}
}
