/* SPDX-License-Identifier: Apache-2.0 */
/* What answers the calls of a Python task, without Python: maps the slot file and does as it is
 * told.
 *
 *     fake_python REGION TASK MODE [NUMBER]
 *
 * The task takes a hello_number and gives one more; its state counts. MODE: right; late (each
 * answer NUMBER us after its call), never (is ready, answers none), error (-EIO to each),
 * some-errors (to each NUMBERth), failed (no more restarts), garbage (random bytes
 * over rows, payloads and state, then the answer), wrong (other numbers of answers), wild (sizes
 * that cannot be), cut (truncates the file), scribble (random bytes over the whole file), die
 * (SIGKILL at call NUMBER). */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rt/clock/clock.h"
#include "rt/msg/python_description.h"
#include "rt/shm/pyslot.h"

struct number {
	int32_t value;
};

static uint64_t random_state = 88172645463325252ull;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void scribble(void *memory, uint64_t bytes)
{
	for (uint64_t i = 0; i < bytes; i++) {
		((unsigned char *)memory)[i] = (unsigned char)next_random();
	}
}

static void pause_us(long us)
{
	const struct timespec span = { us / 1000000, us % 1000000 * 1000 };

	nanosleep(&span, NULL);
}

/* The body: returns the row of the output. */
static struct takt_pyslot_message serve(struct takt_pyslot *slot)
{
	struct takt_pyslot_message row;
	const struct number *in = takt_pyslot_input(slot, 0, &row);
	struct number *out = takt_pyslot_output_at(slot, 0);
	const struct number *old = takt_pyslot_state(slot);
	struct number *state = takt_pyslot_next_state(slot);

	if (state) {
		state->value = old->value + 1;
		takt_pyslot_keep_state(slot);
	}
	if (!in) {
		return (struct takt_pyslot_message){ 0 };
	}
	out->value = in->value + 1;
	return (struct takt_pyslot_message){ .present = 1, .bytes = sizeof(*out) };
}

static void answer(struct takt_pyslot *slot, uint64_t number, const char *mode, uint64_t value)
{
	struct takt_pyslot_message row = serve(slot);
	struct takt_pyslot_answer reply = { .body_ns = 1000, .transport_ns = 500 };

	if (strcmp(mode, "late") == 0) {
		pause_us((long)value);
	} else if (strcmp(mode, "error") == 0 ||
		   (strcmp(mode, "some-errors") == 0 && number % value == 0)) {
		reply.result = -EIO;
	} else if (strcmp(mode, "wild") == 0) {
		row.present = 1;
		row.bytes = (uint32_t)next_random();
		memset(row.status, 'x', sizeof(row.status));
	} else if (strcmp(mode, "die") == 0 && number == value) {
		memset(takt_pyslot_next_state(slot), 0xee, slot->geometry.state_bytes);
		raise(SIGKILL);
	}
	takt_pyslot_put(slot, 0, &row);
	if (strcmp(mode, "garbage") == 0) {
		scribble((char *)slot->call + slot->geometry.ports[1].row_at,
			 slot->geometry.call_bytes - slot->geometry.ports[1].row_at);
		scribble((char *)slot->memory + slot->geometry.states_at,
			 2 * slot->geometry.state_stride);
	}
	reply.answered_ns = takt_clock_mono_ns();
	if (strcmp(mode, "wrong") == 0) {
		takt_pyslot_answer(slot, number + next_random() % 5 - 2, &reply);
	} else {
		takt_pyslot_answer(slot, number, &reply);
	}
	if (strcmp(mode, "scribble") == 0) {
		scribble(slot->memory, slot->geometry.file_bytes);
		if (next_random() % 2) {
			takt_pyslot_answer(slot, number, &reply);
			takt_pyslot_set_phase(slot, TAKT_PY_READY);
		}
	}
}

static void check_description(const struct takt_pyslot *slot, const char *task)
{
	struct takt_python_description *d;
	struct takt_err err = { 0 };

	if (takt_python_description_decode(slot->description,
					   (uint32_t)slot->geometry.description_bytes, &d,
					   &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
	printf("%s %s %s %u %u %s %s %u %s\n", d->task_id, d->settings.script,
	       d->types[d->inputs[0].type]->name,
	       d->input_count, d->output_count,
	       d->state == TAKT_PYTHON_NO_TYPE ? "-" : d->types[d->state]->name,
	       d->params, d->stream, strcmp(d->task_id, task) == 0 ? "ok" : "another");
	fflush(stdout);
	takt_python_description_destroy(d);
}

int main(int argc, char **argv)
{
	const uint64_t value = argc > 4 ? strtoull(argv[4], NULL, 10) : 0;
	const char *mode = argc > 3 ? argv[3] : "";
	struct takt_pyslot slot;
	struct takt_err err = { 0 };
	uint64_t last;
	char path[4096];

	if (argc < 4 || takt_pyslot_attach(argv[1], argv[2], true, &slot, &err) < 0) {
		fprintf(stderr, "fake_python: %s\n", err.text);
		return 1;
	}
	check_description(&slot, argv[2]);
	atomic_store(&slot.host->pid, getpid());
	last = takt_pyslot_answered(&slot);
	takt_pyslot_set_phase(&slot, strcmp(mode, "failed") == 0 ? TAKT_PY_FAILED : TAKT_PY_READY);
	while (!atomic_load_explicit(&slot.lane->stopping, memory_order_acquire)) {
		const uint64_t number = takt_pyslot_posted(&slot);

		if (number == last || strcmp(mode, "never") == 0 || strcmp(mode, "failed") == 0) {
			pause_us(20);
			continue;
		}
		if (strcmp(mode, "cut") == 0 && number > 100) {
			snprintf(path, sizeof(path), "%s/py-%s", argv[1], argv[2]);
			return truncate(path, 0) < 0;
		}
		answer(&slot, number, mode, value);
		last = number;
	}
	takt_pyslot_set_phase(&slot, TAKT_PY_STOPPED);
	return 0;
}
