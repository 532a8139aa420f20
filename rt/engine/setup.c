/* SPDX-License-Identifier: Apache-2.0 */
/* What the process may do, and the shared region. */
#include "rt/engine/setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "rt/base/file.h"
#include "rt/base/testpoint.h"
#include "rt/engine/catalog.h"
#include "rt/engine/python.h"
#include "rt/engine/replay.h"
#include "rt/engine/settle.h"
#include "rt/engine/virtual.h"
#include "rt/engine/worker.h"
#include "rt/graph/size.h"
#include "rt/msg/catalog.h"
#include "rt/os/memory.h"
#include "rt/shm/mailbox.h"

#define EVENTS_RING_BYTES (1u << 20)
#define SMALL_RING_BYTES (256u << 10)
#define FIRST_WORKER_STREAM 4u	/* behind those of lane, main and crash */
#define OTHER_STREAMS 5u	/* beside those of io, background and Python tasks */
#define OTHER_BYTES (16u << 20)	/* locked beside the lane's ring: rings of events, stacks, tasks */

static void missing(struct takt_engine *engine, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Note something that is asked for and not there. */
static void missing(struct takt_engine *engine, const char *format, ...)
{
	const uint32_t most = sizeof(engine->missing) / sizeof(engine->missing[0]);
	char *text = engine->missing[engine->missing_count];
	va_list args;

	TAKT_CHECK(engine->missing_count < most);
	va_start(args, format);
	vsnprintf(text, sizeof(engine->missing[0]), format, args);
	va_end(args);
	engine->missing_count++;
	if (engine->options->degraded && !engine->plan->strict) {
		engine->options->degraded(text, engine->options->user);
	}
}

/* Under `strict: true` nothing may be missing: say all of it at once. */
static int refuse_missing(const struct takt_engine *engine, struct takt_err *err)
{
	char text[sizeof(err->text)];
	size_t used = 0;

	for (uint32_t i = 0; i < engine->missing_count && used < sizeof(text); i++) {
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? "; and " : "",
					 engine->missing[i]);
	}
	return engine->missing_count == 0
		       ? 0
		       : takt_err_set(err, -EPERM, "the graph says `strict: true`, but %s", text);
}

static int get_cpu(struct takt_engine *engine, struct takt_err *err)
{
	struct takt_cpu_claim *claim = &engine->lane.cpu;
	int r = takt_cpu_claim(engine->options->run_dir, engine->plan->name, engine->plan->cpu, claim,
			       err);

	if (r == 0 && claim->cpu < 0) {
		missing(engine, "every CPU is taken by another graph: the lane runs where there is room; "
			"boot with isolcpus=domain,managed_irq,LIST to get one for it");
	} else if (r == 0 && !claim->isolated) {
		missing(engine, "no isolated CPU: the lane shares CPU %d with everything else; "
			"boot with isolcpus=domain,managed_irq,LIST to get one", claim->cpu);
	}
	takt_cpu_avoid(claim->cpu);
	return r;
}

static void get_priority(struct takt_engine *engine)
{
	const struct takt_plan *plan = engine->plan;
	int r;

	if (plan->period_ns == 0 && !engine->lane.cpu.isolated) {
		missing(engine, "a free-running lane (rate: 0Hz) without an isolated CPU runs "
			"without real-time priority: it would freeze the machine");
		return;
	}
	r = takt_thread_try_priority(plan->priority);
	if (r == 0) {
		engine->fifo = true;
		return;
	}
	missing(engine, "no real-time priority (SCHED_FIFO %d: %s): allow it by "
		"'@takt - rtprio 95' in /etc/security/limits.d, or LimitRTPRIO= of the unit",
		plan->priority, strerror(-r));
}

static void get_memory(struct takt_engine *engine)
{
	struct rlimit limit = { 0, 0 };
	const int r = takt_memory_lock(takt_plan_arena_bytes(engine->plan) +
				      takt_python_bytes(engine->plan) + OTHER_BYTES);

	if (r == 0) {
		engine->locked = true;
		return;
	}
	getrlimit(RLIMIT_MEMLOCK, &limit);
	missing(engine, "memory is not locked (%s, RLIMIT_MEMLOCK is %llu KiB): page faults may "
		"delay a cycle; allow it by '@takt - memlock unlimited' in "
		"/etc/security/limits.d, or LimitMEMLOCK=infinity of the unit", strerror(-r),
		(unsigned long long)limit.rlim_cur >> 10);
}

int takt_engine_get_rights(struct takt_engine *engine, struct takt_err *err)
{
	int r;

	engine->lane.cpu = (struct takt_cpu_claim){ -1, false, -1 };
	engine->awake_fd = -1;
	if (engine->options->dev || engine->options->virtual_time) {
		return 0;
	}
	r = takt_run_dir_ensure(engine->options->run_dir, err);
	if (r == 0) {
		r = get_cpu(engine, err);
	}
	if (r < 0) {
		return r;
	}
	get_priority(engine);
	get_memory(engine);
	if (engine->fifo) {
		engine->awake_fd = takt_cpu_stay_awake();
	}
	return engine->plan->strict ? refuse_missing(engine, err) : 0;
}

static void read_id(const char *path, char *out, uint32_t out_bytes)
{
	if (takt_file_read_text(path, out, out_bytes) < 0) {
		out[0] = '\0';
	}
}

static int fill_info(struct takt_engine *engine, struct takt_err *err)
{
	struct takt_region_info *info = &engine->region_info;

	if (getrandom(&info->run, sizeof(info->run), 0) != sizeof(info->run)) {
		return takt_err_set(err, -errno, "no random number for the run's id: %s",
				    strerror(errno));
	}
	info->origin_mono_ns = takt_clock_now_ns(&engine->clock);
	info->origin_real_ns = !engine->virtual_time ? takt_clock_real_ns()
			       : engine->replay ? engine->replay->log->origin_real_ns : TAKT_VIRTUAL_REAL_NS;
	info->flush_ns = engine->plan->flush_ns;
	info->sync_ns = engine->plan->sync_ns;
	info->segment_bytes = engine->plan->segment_bytes;
	info->pid = (uint32_t)getpid();
	snprintf(info->graph, sizeof(info->graph), "%s", engine->plan->name);
	snprintf(info->log_dir, sizeof(info->log_dir), "%s", engine->options->log_dir);
	read_id("/proc/sys/kernel/random/boot_id", info->boot_id, sizeof(info->boot_id));
	read_id("/etc/machine-id", info->machine_id, sizeof(info->machine_id));
	return 0;
}

static struct takt_stream_spec spec_of(const char *name, uint32_t kind, uint32_t record_bytes_max,
				       uint64_t ring_bytes)
{
	struct takt_stream_spec spec = { .kind = kind, .record_bytes_max = record_bytes_max,
					 .ring_bytes = ring_bytes };

	snprintf(spec.name, sizeof(spec.name), "%s", name);
	return spec;
}

static uint32_t list_streams(const struct takt_engine *engine, struct takt_stream_spec *streams)
{
	const struct takt_plan *plan = engine->plan;
	uint32_t n = 0;
	char name[64];

	streams[n++] = spec_of("lane0", TAKT_STREAM_COPPERLISTS, plan->copperlist_bytes_max,
			       takt_plan_arena_bytes(plan));
	streams[n++] = spec_of("lane0.events", TAKT_STREAM_EVENTS, TAKT_EVENT_BYTES_MAX,
			       EVENTS_RING_BYTES);
	streams[n++] = spec_of("main", TAKT_STREAM_EVENTS, TAKT_EVENT_BYTES_MAX, SMALL_RING_BYTES);
	streams[n++] = spec_of("crash", TAKT_STREAM_EVENTS, TAKT_EVENT_BYTES_MAX, 0);
	for (uint32_t i = 0; i < engine->worker_count; i++) {
		const struct takt_plan_task *task = engine->workers[i].unit->plan;

		snprintf(name, sizeof(name), "%s.%.48s",
			 engine->workers[i].heads ? "replay" : task->exec == TAKT_EXEC_IO ? "io" : "background",
			 task->id);
		streams[n++] = spec_of(name, TAKT_STREAM_EVENTS, TAKT_EVENT_BYTES_MAX,
				       SMALL_RING_BYTES);
	}
	for (uint32_t i = 0; i < engine->python_count; i++) {	/* taktd's, as the one below */
		snprintf(name, sizeof(name), "python.%.48s", engine->pythons[i].unit->plan->id);
		streams[n++] = spec_of(name, TAKT_STREAM_EVENTS, TAKT_EVENT_BYTES_MAX, SMALL_RING_BYTES);
	}
	streams[n++] = spec_of(TAKT_RECORDER_STREAM, TAKT_STREAM_EVENTS, TAKT_RECORDER_RECORD_BYTES_MAX,
			       TAKT_RECORDER_RING_BYTES);	/* taktd's */
	return n;
}

static void make_producers(struct takt_engine *engine)
{
	struct takt_region *region = engine->region;
	const uint64_t run = engine->region_info.run;

	takt_stream_init(&engine->lane.stream, &region->streams[0], region->arena, 0, run);
	takt_stream_init(&engine->lane.events.stream, &region->streams[1], region->arena, 1, run);
	takt_stream_init(&engine->main_events.stream, &region->streams[2], region->arena, 2, run);
	engine->lane.events.patient = engine->virtual_time;
	engine->main_events.patient = engine->virtual_time;
	takt_stream_init(&engine->crash_events.stream, &region->streams[3], region->arena, 3, run);
	for (uint32_t i = 0; i < engine->worker_count; i++) {
		takt_stream_init(&engine->workers[i].events.stream, &region->streams[FIRST_WORKER_STREAM + i],
				 region->arena, FIRST_WORKER_STREAM + i, run);
		engine->workers[i].events.patient = engine->virtual_time;
	}
}

int takt_engine_make_region(struct takt_engine *engine, struct takt_err *err)
{
	struct takt_stream_spec streams[TAKT_STREAMS_MAX];
	struct takt_region_spec spec = { .run_dir = engine->options->run_dir, .streams = streams };
	void *catalog = NULL;
	int r;

	if (engine->worker_count + engine->python_count + OTHER_STREAMS > TAKT_STREAMS_MAX) {
		return takt_err_set(err, -E2BIG, "more than %u io, background and Python tasks",
				    TAKT_STREAMS_MAX - OTHER_STREAMS);
	}
	r = fill_info(engine, err);
	if (r < 0) {
		return r;
	}
	spec.stream_count = list_streams(engine, streams);
	spec.info = engine->region_info;
	spec.storage = (struct takt_region_storage){
		.segment_age_ns = engine->plan->segment_age_ns,
		.max_bytes = engine->plan->retention_bytes,
		.max_age_ns = engine->plan->retention_age_ns,
		.min_free_bytes = engine->plan->retention_free_bytes,
	};
	spec.task_count = engine->plan->task_count;
	r = takt_engine_make_catalog(engine, streams, spec.stream_count, &catalog, &spec.catalog_bytes,
				     err);
	if (r < 0) {
		return r;
	}
	spec.catalog = catalog;
	r = takt_region_create(&spec, &engine->region, err);
	free(catalog);
	if (r == 0 && engine->region->arena_shrunk) {
		missing(engine, "%s has no room for the arena: it has %llu KiB, which bridges less "
			"of a slow disk or a missing taktd; free memory there or set logging.arena",
			engine->options->run_dir,
			(unsigned long long)engine->region->arena_bytes >> 10);
		r = engine->plan->strict ? refuse_missing(engine, err) : 0;
	}
	if (r == 0) {
		r = takt_python_make_slots(engine, FIRST_WORKER_STREAM + engine->worker_count, err);
	}
	if (r < 0 && engine->region) {
		takt_region_remove(engine->region->path);
	}
	if (r < 0) {
		return r;
	}
	if (engine->virtual_time) {
		atomic_store(&engine->region->rt->virtual_ns, engine->region_info.origin_mono_ns);
	}
	takt_arena_settle(engine->region->arena, engine->region->arena_bytes);
	takt_memory_touch(engine->region->control, engine->region->control_bytes);
	takt_memory_touch(engine->region->arena, engine->region->arena_bytes);
	make_producers(engine);
	for (uint32_t i = 0; i < engine->plan->task_count; i++) {
		takt_mailbox_publish_level(engine->region, i, engine->units[i].ctx.text_level);
	}
	TAKT_TEST_POINT("rt_before_publish");
	r = takt_region_publish(engine->region, err);
	if (r < 0) {
		takt_region_remove(engine->region->path);
	}
	return r;
}
