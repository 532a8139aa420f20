/* SPDX-License-Identifier: Apache-2.0 */
/* What a recorded flight of the quad example was like, by the truth that only this test may see.
 * One JSON object a line.
 *
 *     quad_flight LOG [PREFIX]     a line per waypoint that the supervisor called reached, then one of all;
 *                                  PREFIX: of the ids of the tasks, for graphs with several quads
 *     quad_flight LOG LOG compare  the largest difference of any number in the two, and whether every payload,
 *                                  its presence and its time are the same bytes */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <takt/log.h>

#include "rt/base/crc32c.h"
#include "rt/examples/quad/types.h"
#include "rt/examples/quad/vector.h"

struct flight {
	const char *prefix;
	uint64_t first_ns;
	uint64_t cycles;
	struct vec truth, goal;
	struct quat attitude;
	double closest;			/* to the goal, since it is the goal */
	double position_error, attitude_error;	/* largest of the estimates, in the air */
	bool in_air;
	uint32_t reached;
	enum flight_state state;
	uint32_t digest;
};

static struct takt_log *open_log(const char *path, struct takt_log_cursor **ret_cursor)
{
	const struct takt_log_filter copperlists = { sizeof(copperlists), 1u << TAKT_LOG_COPPERLIST,
						     0, TAKT_LOG_NONE, { 0 }, { 0 } };
	struct takt_log_error error = { 0 };
	struct takt_log *log;

	if (takt_log_open(path, NULL, &log, &error) < 0 ||
	    takt_log_cursor_create(log, &copperlists, ret_cursor, &error) < 0) {
		fprintf(stderr, "quad_flight: %s\n", error.text);
		return NULL;
	}
	return log;
}

static double angle_between(struct quat a, struct quat b)
{
	const struct quat error = quat_multiply(quat_conjugate(a), b);

	return 2 * asin(fmin(1, sqrt(error.x * error.x + error.y * error.y + error.z * error.z)));
}

static void see_status(struct flight *f, const struct mission_status *status, uint64_t mono_ns)
{
	if (status->reached > f->reached) {
		printf("{\"waypoint\": %u, \"off\": %.6f, \"closest\": %.6f, \"at\": %.3f}\n",
		       status->reached, vec_norm(vec_sub(f->truth, f->goal)), f->closest,
		       (double)(mono_ns - f->first_ns) * 1e-9);
	}
	f->reached = status->reached;
	f->state = status->state;
	f->in_air = status->state >= FLIGHT_TAKEOFF && status->state <= FLIGHT_LAND;
}

static void see_goal(struct flight *f, const struct flight_command *command)
{
	const struct vec goal = vec_load(command->position);

	if (vec_norm(vec_sub(goal, f->goal)) > 0) {
		f->goal = goal;
		f->closest = HUGE_VAL;
	}
}

static void see(struct flight *f, const char *task, const void *payload)
{
	if (strcmp(task, "airframe") == 0) {
		const struct airframe_state *truth = payload;

		f->truth = vec_load(truth->position);
		f->attitude = quat_load(truth->attitude);
		f->closest = fmin(f->closest, vec_norm(vec_sub(f->truth, f->goal)));
	} else if (strcmp(task, "position") == 0 && f->in_air) {
		const struct position_estimate *at = payload;

		f->position_error = fmax(f->position_error,
					 vec_norm(vec_sub(f->truth, vec_load(at->position))));
	} else if (strcmp(task, "attitude") == 0 && f->in_air) {
		const struct attitude_estimate *at = payload;

		f->attitude_error = fmax(f->attitude_error,
					 angle_between(f->attitude, quat_load(at->attitude)));
	} else if (strcmp(task, "supervisor") == 0) {
		see_goal(f, payload);
	}
}

/* The status first: it judges the goal that was, before the command of the same call. */
static void see_copperlist(struct flight *f, const struct takt_log *log,
			   const struct takt_log_record *r)
{
	const struct takt_log_copperlist *cl = r->copperlist;

	for (int command = 0; command < 2; command++) {
		for (uint32_t i = 0; i < cl->message_count; i++) {
			const struct takt_log_message *m = &cl->messages[i];
			const struct takt_log_output *o = takt_log_output_at(log, m->output);
			const char *task = takt_log_task_at(log, o->task)->id;
			const bool is_command = strcmp(o->port, "command") == 0;

			if (!m->payload || is_command != (command > 0) ||
			    strncmp(task, f->prefix, strlen(f->prefix)) != 0) {
				continue;
			}
			f->digest = takt_crc32c(f->digest, m->payload, m->payload_bytes);
			if (strcmp(o->port, "status") == 0) {
				see_status(f, m->payload, r->mono_ns);
			} else {
				see(f, task + strlen(f->prefix), m->payload);
			}
		}
	}
	f->cycles++;
}

static int report(const char *path, const char *prefix)
{
	struct flight f = { .prefix = prefix, .closest = HUGE_VAL };
	const struct takt_log_record *record;
	struct takt_log_cursor *cursor;
	struct takt_log *log = open_log(path, &cursor);

	if (!log) {
		return 1;
	}
	while (takt_log_next(cursor, &record, NULL) > 0) {
		f.first_ns = f.first_ns ? f.first_ns : record->mono_ns;
		see_copperlist(&f, log, record);
	}
	printf("{\"cycles\": %" PRIu64 ", \"state\": \"%s\", \"reached\": %u, \"position_error\": %.6f, "
	       "\"attitude_error_deg\": %.4f, \"height\": %.6f, \"digest\": \"%08x\"}\n",
	       f.cycles, TAKT_ENUM_NAME(flight_state, f.state), f.reached, f.position_error,
	       f.attitude_error * 180 / 3.141592653589793, f.truth.z, f.digest);
	takt_log_cursor_destroy(cursor);
	takt_log_close(log);
	return 0;
}

/* The largest difference of two payloads of @type, all of whose fields are doubles, u32 or enums;
 * HUGE_VAL where those differ. */
static double difference(const struct takt_type *type, const char *a, const char *b)
{
	double most = 0;
	size_t at = 0;

	for (uint32_t i = 0; i < type->field_count; i++) {
		const struct takt_field *field = &type->fields[i];

		for (uint32_t k = 0; k < field->length; k++) {
			double x, y;

			if (field->scalar != TAKT_SCALAR_F64) {
				most = memcmp(a + at, b + at, 4) == 0 ? most : HUGE_VAL;
				at += 4;
				continue;
			}
			memcpy(&x, a + at, sizeof(x));
			memcpy(&y, b + at, sizeof(y));
			most = fmax(most, fabs(x - y));
			at += sizeof(x);
		}
	}
	return most;
}

struct comparison {
	uint64_t messages, differing;
	double most;
	const char *where;
};

static int compare_messages(struct comparison *c, const struct takt_log *log,
			    const struct takt_log_record *a, const struct takt_log_record *b)
{
	if (a->cycle != b->cycle || a->copperlist->message_count != b->copperlist->message_count) {
		return 1;
	}
	for (uint32_t i = 0; i < a->copperlist->message_count; i++) {
		const struct takt_log_message *x = &a->copperlist->messages[i];
		const struct takt_log_message *y = &b->copperlist->messages[i];
		const struct takt_log_output *o = takt_log_output_at(log, x->output);
		double d;

		if (x->output != y->output || x->payload_bytes != y->payload_bytes ||
		    !x->payload || !y->payload || x->tov.begin_ns != y->tov.begin_ns) {
			return 1;
		}
		c->messages++;
		c->differing += memcmp(x->payload, y->payload, x->payload_bytes) != 0;
		d = difference(takt_log_type_at(log, o->type)->type, x->payload, y->payload);
		if (d > c->most) {
			c->most = d;
			c->where = takt_log_task_at(log, o->task)->id;
		}
	}
	return 0;
}

static int compare(const char *path_a, const char *path_b)
{
	struct comparison c = { .where = "" };
	const struct takt_log_record *a, *b;
	struct takt_log_cursor *cursor_a, *cursor_b;
	struct takt_log *log_a = open_log(path_a, &cursor_a), *log_b = open_log(path_b, &cursor_b);
	bool same_shape = true;
	int more_a, more_b;

	if (!log_a || !log_b) {
		return 1;
	}
	do {
		more_a = takt_log_next(cursor_a, &a, NULL);
		more_b = takt_log_next(cursor_b, &b, NULL);
		same_shape = more_a == more_b &&
			     (more_a <= 0 || compare_messages(&c, log_a, a, b) == 0);
	} while (more_a > 0 && same_shape);
	printf("{\"messages\": %" PRIu64 ", \"differing\": %" PRIu64 ", \"same_shape\": %s, "
	       "\"most\": %g, \"where\": \"%s\"}\n", c.messages, c.differing,
	       same_shape ? "true" : "false", isinf(c.most) ? 1e300 : c.most, c.where);
	takt_log_cursor_destroy(cursor_a);
	takt_log_cursor_destroy(cursor_b);
	takt_log_close(log_a);
	takt_log_close(log_b);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[3], "compare") == 0) {
		return compare(argv[1], argv[2]);
	}
	if (argc < 2 || argc > 3) {
		fprintf(stderr, "quad_flight LOG [PREFIX] | LOG LOG compare\n");
		return 2;
	}
	return report(argv[1], argc > 2 ? argv[2] : "");
}
