/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/python_status.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rt/base/quantity.h"
#include "rt/main/out.h"
#include "rt/msg/python_description.h"
#include "rt/shm/pyslot.h"

/* Counters are independent of each other: no order is asked for. */
#define LOAD(field) atomic_load_explicit(&(field), memory_order_relaxed)

static void read_slot(const struct takt_pyslot *slot, const char *task,
		      struct takt_python_status *status)
{
	const struct takt_pyslot_lane *lane = slot->lane;
	const struct takt_pyslot_host *host = slot->host;

	*status = (struct takt_python_status){
		.phase = takt_pyslot_phase_name(takt_pyslot_phase(slot)), .pid = LOAD(host->pid),
		.calls = LOAD(lane->calls), .taken = LOAD(lane->taken),
		.missed = LOAD(lane->missed),
		.busy = LOAD(lane->busy), .errors = LOAD(lane->errors), .bad = LOAD(lane->bad),
		.spawns = LOAD(host->spawns), .kills = LOAD(host->kills),
		.exceptions = LOAD(host->exceptions), .body_ns = LOAD(host->body_ns),
		.transport_ns = LOAD(host->transport_ns), .waited_ns = LOAD(lane->waited_ns),
		.round_trip_ns_max = LOAD(lane->round_trip_ns_max),
	};
	snprintf(status->task, sizeof(status->task), "%s", task);
}

static int is_slot(const struct dirent *entry)
{
	return strncmp(entry->d_name, TAKT_PYSLOT_PREFIX, strlen(TAKT_PYSLOT_PREFIX)) == 0;
}

void takt_python_status_visit(const char *path,
			      void (*visit)(const struct takt_python_status *status, void *user),
			      void *user)
{
	struct dirent **entries = NULL;
	const int count = scandir(path, &entries, is_slot, alphasort);

	for (int i = 0; i < count; i++) {
		const char *task = entries[i]->d_name + strlen(TAKT_PYSLOT_PREFIX);
		struct takt_python_status status;
		struct takt_pyslot slot;

		if (takt_pyslot_attach(path, task, false, &slot, NULL) == 0) {
			read_slot(&slot, task, &status);
			visit(&status, user);
			takt_pyslot_close(&slot);
		}
		free(entries[i]);
	}
	free(entries);
}

struct put {
	struct takt_text_buffer *out;
	bool any;
};

static void put_short(const struct takt_python_status *status, void *user)
{
	struct put *put = user;
	const uint64_t answers = status->taken + status->missed + status->errors;
	char body[TAKT_QUANTITY_TEXT_BYTES], transport[TAKT_QUANTITY_TEXT_BYTES],
	worst[TAKT_QUANTITY_TEXT_BYTES];

	if (!put->any) {
		takt_text_buffer_puts(put->out, "  " TAKT_PYTHON_PROTOTYPE "\n");
	}
	put->any = true;
	takt_text_buffer_puts(put->out, "  python    ");
	takt_out_put_plain(put->out, status->task);
	takt_text_buffer_printf(put->out, ": %s", status->phase);
	if (status->pid > 0) {
		takt_text_buffer_printf(put->out, ", pid %d", (int)status->pid);
	}
	takt_text_buffer_printf(put->out,
				", %" PRIu64 " calls, %" PRIu64 " in time, %" PRIu64 " missed, %" PRIu64
				" errors, %" PRIu64 " cycles not called", status->calls,
				status->taken,
				status->missed, status->errors, status->busy);
	if (status->bad > 0) {
		takt_text_buffer_printf(put->out, ", %" PRIu64 " refused", status->bad);
	}
	if (status->spawns > 1 || status->kills > 0) {
		takt_text_buffer_printf(put->out, ", started %" PRIu64 " times, killed %" PRIu64,
					status->spawns,
					status->kills);
	}
	if (answers > 0) {
		takt_text_buffer_printf(put->out,
					"\n            a call %s in Python, %s on the way, %s at most",
			takt_quantity_format_ns(status->body_ns / answers, body, sizeof(body)),
			takt_quantity_format_ns(status->transport_ns / answers, transport,
						sizeof(transport)),
			takt_quantity_format_ns(status->round_trip_ns_max, worst, sizeof(worst)));
	}
	takt_text_buffer_puts(put->out, "\n");
}

void takt_python_status_put_short(struct takt_text_buffer *out, const char *path)
{
	struct put put = { out, false };

	takt_python_status_visit(path, put_short, &put);
}

static void put_json(const struct takt_python_status *status, void *user)
{
	struct put *put = user;

	takt_out_text_member(put->out, put->any ? ",{\"task\":" : "{\"task\":", status->task);
	put->any = true;
	takt_out_text_member(put->out, ",\"phase\":", status->phase);
	takt_out_i64_member(put->out, ",\"pid\":", status->pid);
#define MEMBER(name) takt_out_u64_member(put->out, ",\"" #name "\":", status->name)
	MEMBER(calls);
	MEMBER(taken);
	MEMBER(missed);
	MEMBER(busy);
	MEMBER(errors);
	MEMBER(bad);
	MEMBER(spawns);
	MEMBER(kills);
	MEMBER(exceptions);
	MEMBER(body_ns);
	MEMBER(transport_ns);
	MEMBER(waited_ns);
	MEMBER(round_trip_ns_max);
#undef MEMBER
	takt_text_buffer_puts(put->out, "}");
}

void takt_python_status_put_json(struct takt_text_buffer *out, const char *path)
{
	struct put put = { out, false };

	takt_text_buffer_puts(out, ",\"python\":[");
	takt_python_status_visit(path, put_json, &put);
	takt_text_buffer_puts(out, "]");
}
