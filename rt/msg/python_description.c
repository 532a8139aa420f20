/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/msg/python_description.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>

#include "rt/msg/catalog_wire.h"

#define PORTS_MAX 64u

struct wire {				/* as it is encoded */
	struct takt_python_description d;	/* but its types */
	struct takt_wire types;
	struct takt_pool *pool;		/* decoded ones: all of it */
};

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))
#define MEMBER(type, key, kind, member) { key, TAKT_WIRE_##kind, offsetof(type, member), 0, 0, NULL }
#define ARRAY(type, key, member, count, max, of) \
	{ key, TAKT_WIRE_ARRAY, offsetof(type, member), offsetof(type, count), max, of }

static const struct takt_wire_member arg_members[] = {
	MEMBER(struct takt_python_arg, "text", TEXT, text),
};
static const struct takt_wire_table arg = {
	"argument", arg_members, COUNT(arg_members), sizeof(struct takt_python_arg)
};

static const struct takt_wire_member variable_members[] = {
	MEMBER(struct takt_python_variable, "name", TEXT, name),
	MEMBER(struct takt_python_variable, "value", TEXT, value),
};
static const struct takt_wire_table variable = {
	"variable", variable_members, COUNT(variable_members), sizeof(struct takt_python_variable)
};

static const struct takt_wire_member port_members[] = {
	MEMBER(struct takt_python_port, "name", TEXT, name),
	MEMBER(struct takt_python_port, "type", U32, type),
};
static const struct takt_wire_table port = {
	"port", port_members, COUNT(port_members), sizeof(struct takt_python_port)
};

#define W struct wire
static const struct takt_wire_member members[] = {
	MEMBER(W, "takt_python", U32, d.version),
	MEMBER(W, "script", TEXT, d.settings.script),
	MEMBER(W, "mode", U32, d.settings.mode),
	MEMBER(W, "transport", U32, d.settings.transport),
	MEMBER(W, "wait", U32, d.settings.wait),
	MEMBER(W, "nice", I32, d.settings.nice),
	MEMBER(W, "timeout_ns", U64, d.settings.timeout_ns),
	MEMBER(W, "stuck_after_ns", U64, d.settings.stuck_after_ns),
	MEMBER(W, "start_timeout_ns", U64, d.settings.start_timeout_ns),
	MEMBER(W, "stop_timeout_ns", U64, d.settings.stop_timeout_ns),
	MEMBER(W, "interpreter", TEXT, d.settings.interpreter),
	MEMBER(W, "venv", TEXT, d.settings.venv),
	ARRAY(W, "args", d.settings.args, d.settings.arg_count, TAKT_PYTHON_ARGS_MAX, &arg),
	ARRAY(W, "env", d.settings.env, d.settings.env_count, TAKT_PYTHON_VARIABLES_MAX, &variable),
	MEMBER(W, "cpus", TEXT, d.settings.cpus),
	MEMBER(W, "memory_bytes", U64, d.settings.memory_bytes),
	MEMBER(W, "restarts", U32, d.settings.restarts),
	MEMBER(W, "restart_window_ns", U64, d.settings.restart_window_ns),
	MEMBER(W, "backoff_ns", U64, d.settings.backoff_ns),
	MEMBER(W, "backoff_max_ns", U64, d.settings.backoff_max_ns),
	MEMBER(W, "graph", TEXT, d.graph),
	MEMBER(W, "graph_path", TEXT, d.graph_path),
	MEMBER(W, "graph_dir", TEXT, d.graph_dir),
	MEMBER(W, "task_id", TEXT, d.task_id),
	MEMBER(W, "task", U32, d.task),
	MEMBER(W, "run", U64, d.run),
	MEMBER(W, "seed", U64, d.seed),
	MEMBER(W, "period_ns", U64, d.period_ns),
	MEMBER(W, "every", U32, d.every),
	MEMBER(W, "virtual_time", BOOL, d.virtual_time),
	MEMBER(W, "params", TEXT, d.params),
	MEMBER(W, "text_level", U32, d.text_level),
	MEMBER(W, "text_site", U32, d.text_site),
	MEMBER(W, "stream", U32, d.stream),
	ARRAY(W, "inputs", d.inputs, d.input_count, PORTS_MAX, &port),
	ARRAY(W, "outputs", d.outputs, d.output_count, PORTS_MAX, &port),
	MEMBER(W, "state", INDEX, d.state),
	ARRAY(W, "enums", types.enums, types.enum_count, TAKT_WIRE_ENUMS_MAX,
	      &takt_wire_enum_table),
	ARRAY(W, "types", types.types, types.type_count, TAKT_TYPES_MAX, &takt_wire_type_table),
};
static_assert(COUNT(members) <= TAKT_WIRE_MEMBERS_MAX, "one bit a member");
static const struct takt_wire_table table = {
	"description of a Python task", members, COUNT(members), sizeof(struct wire)
};

int takt_python_description_encode(const struct takt_python_description *description,
				   void **ret_bytes,
				   uint32_t *ret_size_bytes, struct takt_err *err)
{
	struct wire wire = { .d = *description };
	struct takt_pool *pool = takt_pool_create();
	int ret;

	if (!pool) {
		return takt_err_set(err, -ENOMEM, "out of memory");
	}
	wire.d.version = TAKT_PYTHON_VERSION;
	ret = takt_wire_fill_types(&wire.types, description->types, description->type_count, pool,
				   err);
	if (ret == 0) {
		ret = takt_wire_encode(&table, &wire, ret_bytes, ret_size_bytes, err);
	}
	takt_pool_destroy(pool);
	return ret;
}

static int check_ports(const struct wire *wire, const struct takt_python_port *ports,
		       uint32_t count,
		       struct takt_err *err)
{
	for (uint32_t i = 0; i < count; i++) {
		if (ports[i].type >= wire->types.type_count) {
			return takt_err_set(err, -EBADMSG,
					    "description of a Python task: port %u has no type", i);
		}
	}
	return 0;
}

static int check(struct wire *wire, struct takt_err *err)
{
	struct takt_python_description *d = &wire->d;
	int ret;

	if (d->version != TAKT_PYTHON_VERSION) {
		return takt_err_set(err, d->version > TAKT_PYTHON_VERSION ? -EPROTO : -EBADMSG,
				    "the Python task is described in version %u, known is %u",
				    d->version,
				    TAKT_PYTHON_VERSION);
	}
	ret = takt_wire_check_types(&wire->types, wire->pool, err);
	if (ret == 0) {
		ret = check_ports(wire, d->inputs, d->input_count, err);
	}
	if (ret == 0) {
		ret = check_ports(wire, d->outputs, d->output_count, err);
	}
	if (ret == 0 && ((d->state != TAKT_PYTHON_NO_TYPE && d->state >= wire->types.type_count) ||
			 d->settings.mode > TAKT_PYTHON_EMBEDDED ||
			 d->settings.transport > TAKT_PYTHON_SHM ||
			 d->settings.wait > TAKT_PYTHON_WAIT_CYCLE)) {
		ret = takt_err_set(err, -EBADMSG,
				   "description of a Python task: no such state, mode, transport or wait");
	}
	d->types = wire->types.catalog.types;
	d->type_count = wire->types.catalog.type_count;
	return ret;
}

int takt_python_description_decode(const void *bytes, uint32_t size_bytes,
				   struct takt_python_description **ret_description,
				   struct takt_err *err)
{
	struct takt_pool *pool = takt_pool_create();
	struct wire *wire = pool ? takt_pool_alloc(pool, 1, sizeof(*wire)) : NULL;
	int ret;

	if (!wire) {
		takt_pool_destroy(pool);
		return takt_err_set(err, -ENOMEM, "out of memory");
	}
	ret = takt_wire_decode(&table, bytes, size_bytes, wire, pool, err);
	wire->pool = pool;
	if (ret == 0) {
		ret = check(wire, err);
	}
	if (ret < 0) {
		takt_pool_destroy(pool);
		return ret;
	}
	*ret_description = &wire->d;
	return 0;
}

void takt_python_description_destroy(struct takt_python_description *description)
{
	struct wire *wire;

	if (description) {
		wire = (struct wire *)((char *)description - offsetof(struct wire, d));
		takt_pool_destroy(wire->pool);
	}
}
