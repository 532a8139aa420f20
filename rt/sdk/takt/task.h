/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks and plug-ins. A plug-in is a shared object with one exported symbol, made by TAKT_PLUGIN.
 *
 * A task's methods get a context and return 0, a negative errno (the graph's `on_error` decides what
 * follows) or, from process of a source, TAKT_DONE: nothing more will come; of a sink with `exec: io`,
 * TAKT_AGAIN: not done with these inputs, call again with them. Only process is required.
 *
 *     new         once, before the real-time thread runs: may allocate, open, fail
 *     start       once, on the main thread, after every new
 *     preprocess, process, postprocess   every cycle, in this order, on the task's thread
 *     stop        once, on the main thread, in reverse order of start
 *     failsafe    sinks: drive the actuator to safe. On a fatal signal, a stuck lane and at stop; must be
 *                 async-signal-safe and must not rely on stop having run or not
 *
 * With `exec: lane` (the default) the cycle methods run on a real-time thread: no allocation, no lock,
 * no system call, no unbounded loop. With `exec: io` process may wait, but should return every 100 ms or
 * so, with or without an output: its text is handed on between calls, and so is the wish to stop. An
 * output's time of validity is then that of TAKT_OUT, unless the task sets it.
 *
 * A sink with `exec: io` is called for each message (one of each input that has one this cycle), and
 * without any every 100 ms or so. It may wait for what it writes to, but not without an input: the next
 * one would wait too. Meanwhile the lane goes on; what does not fit in `queue` is dropped, oldest first,
 * and counted. When the run ends, what is queued is still given, for a second at most. In virtual time
 * it is called at once, by the lane's thread, when its type says TAKT_VIRTUAL, and else not at all: what it
 * writes to is not there.
 *
 * In virtual time (takt run --virtual) cycle follows cycle without a pause, and all methods are called by
 * one thread. An io task takes part when its type says TAKT_VIRTUAL: it waits by takt_wait_until and for
 * nothing else, and its clock is takt_clock_ns. A call of it that neither waits nor puts anything out is
 * followed by one in the next cycle. */
#ifndef TAKT_TASK_H
#define TAKT_TASK_H

#include <takt/text.h>
#include <takt/type.h>

#define TAKT_ABI_MAJOR 1	/* differs: the plug-in is refused */
#define TAKT_ABI_MINOR 2	/* only grows: structs get longer at their end */

#define TAKT_DONE 1
#define TAKT_AGAIN 2

enum takt_kind { TAKT_SOURCE = 1, TAKT_FILTER, TAKT_SINK };

/* A message as a task sees it. Lent until the method returns. */
struct takt_message {
	const void *payload;
	struct takt_tov tov;
	uint64_t stamp_ns;		/* CLOCK_MONOTONIC: when its producer's call began, or received it */
	const char *status;		/* short text of the producer, "" if none */
	uint32_t bytes;			/* of the payload */
	uint32_t age;			/* cycles since the call that made it, of a task in Python */
};

/* The messages at one input this cycle, oldest first. */
struct takt_input {
	const struct takt_message *messages;
	const uint32_t *count;		/* 0: absent; more than 1 only from a task with `take: all` */
};

struct takt_ctx;

/* What the runtime offers. Called through the inline functions below. */
struct takt_host {
	uint32_t bytes;			/* of this struct; later minors append */
	uint32_t reserved;
	void *(*output)(struct takt_ctx *ctx, uint32_t output);
	void (*cancel)(struct takt_ctx *ctx, uint32_t output);
	void (*tov)(struct takt_ctx *ctx, uint32_t output, struct takt_tov tov);
	void (*status)(struct takt_ctx *ctx, uint32_t output, const char *text);
	void (*text)(struct takt_ctx *ctx, const struct takt_text_site *site, const uint64_t *args);
	bool (*stopping)(const struct takt_ctx *ctx);
	/* Whether this call of a limited text is to be recorded; counts. From minor 1 on. */
	bool (*text_is_due)(struct takt_ctx *ctx, const struct takt_text_site *site, uint64_t limit);
	/* These from minor 2 on. */
	bool (*wait_until)(struct takt_ctx *ctx, uint64_t at_ns);
	uint64_t (*clock_ns)(const struct takt_ctx *ctx);
	const struct takt_type *(*port_type)(const struct takt_ctx *ctx, bool output, uint32_t port);
	void (*keep_all)(struct takt_ctx *ctx, bool on);
};

enum takt_ctx_flag {
	TAKT_CTX_VIRTUAL = 1		/* the run is in virtual time */
};

/* The context of one task. Fields are read only for tasks. */
struct takt_ctx {
	uint32_t bytes;			/* of this struct; later minors append */
	uint32_t text_level;		/* enum takt_level: lower ones are not recorded */
	const struct takt_host *host;
	uint64_t now_ns;		/* CLOCK_MONOTONIC: start of this call, constant within it, recorded */
	uint64_t recent_ns;		/* start of this cycle */
	uint64_t cycle;			/* id of the copperlist */
	const struct takt_input *inputs;
	void *state;			/* zeroed before new */
	const void *params;
	const char *task_id;		/* as in the graph */
	uint32_t task_index;		/* in plan order */
	uint32_t flags;			/* enum takt_ctx_flag */
	uint64_t seed;			/* of this task, from the run's; see takt/random.h. From minor 2 on */
};

struct takt_port {
	const char *name;
	const struct takt_type *type;
	const char *doc;
	uint32_t is_output;
	uint32_t reserved;
};

struct takt_param {
	struct takt_field field;
	const char *default_text;	/* as written in the declaration; "" : must be given */
	const char *min_text;		/* "" : no bound */
	const char *max_text;
};

typedef int takt_method(struct takt_ctx *ctx);
typedef void takt_failsafe_method(struct takt_ctx *ctx);

enum takt_task_type_flag {
	TAKT_TASK_VIRTUAL = 1,		/* an io task that takes part in virtual time */
	TAKT_TASK_WAITS = 2		/* for a device: runs with `exec: io` and `take: all` unless the
					 * graph says else, and never on a lane */
};

/* What is wrong with @params beyond their types and bounds, for whoever wrote the graph ("rate: no …; give …",
 * the parameter's name first), or NULL. The text is a constant or stands in @text, of @text_bytes. Called at
 * load, also by `takt check`: opens nothing. */
typedef const char *takt_check_method(const void *params, char *text, size_t text_bytes);

/* The same for what depends on what the ports carry, or on files: @types in the order of the ports' rows,
 * also of those that the graph types. Changes nothing; may read files of the parameters. */
typedef const char *takt_check_ports_method(const void *params, const struct takt_type *const *types,
					    char *text, size_t text_bytes);

struct takt_task {
	uint32_t bytes;			/* of this struct */
	uint32_t kind;			/* enum takt_kind */
	const char *name;
	const char *doc;
	const struct takt_port *ports;
	const struct takt_param *params;
	uint32_t port_count;
	uint32_t param_count;
	uint32_t params_bytes;
	uint32_t state_bytes;
	uint32_t state_align;
	uint32_t flags;			/* enum takt_task_type_flag */
	const struct takt_type *keyframe;	/* declared, not built yet: refused at load */
	const char *live_params;		/* names, comma separated; declared, not built yet */
	takt_method *new_;
	takt_method *start;
	takt_method *preprocess;
	takt_method *process;
	takt_method *postprocess;
	takt_method *stop;
	takt_failsafe_method *failsafe;
	takt_check_method *check;	/* these from minor 2 on */
	takt_check_ports_method *check_ports;
};

struct takt_plugin {
	uint32_t abi_major;		/* these three stay where they are for ever */
	uint32_t abi_minor;
	uint32_t bytes;			/* of this struct */
	uint32_t task_bytes;		/* of struct takt_task */
	const char *name;
	const char *version;
	const struct takt_task *const *tasks;
	uint32_t task_count;
	uint32_t text_site_bytes;
	struct takt_text_site *text_begin;	/* the plug-in's section takt_text */
	struct takt_text_site *text_end;
};

#define TAKT_PLUGIN_SYMBOL "takt_plugin_1"

/* --- declaring a task ------------------------------------------------------------------------ */

#define TAKT_NO_PORTS(IN, OUT)
#define TAKT_NO_PARAMS(P)
struct takt_stateless { char none; };

#define TAKT_DECLARE_IN_(port, type, doc) const struct type *port;
#define TAKT_DECLARE_OUT_(port, type, doc) struct type *port;
#define TAKT_SKIP_PORT_(port, type, doc)
#define TAKT_DESCRIBE_IN_(port, type, doc) { #port, &takt_type_##type, doc, 0, 0 },
#define TAKT_DESCRIBE_OUT_(port, type, doc) { #port, &takt_type_##type, doc, 1, 0 },
#define TAKT_DECLARE_PARAM_(type, name, unit, def, min, max, doc) TAKT_C_##type name TAKT_X_##type;
#define TAKT_DESCRIBE_PARAM_(type, name, unit, def, min, max, doc)                                 \
	{ { #name, unit, doc, TAKT_S_##type, TAKT_L_##type, TAKT_R_##type }, #def, #min, #max },

/* A port of message type takt_any is typed by the graph: by what it is connected to, or by `inputs:
 * {port: type}` and `outputs: {port: type}` of the task. takt_in_type() and takt_out_type() say what it
 * is; TAKT_IN and TAKT_OUT give its payload as a pointer to convert. */
struct takt_any;
TAKT_UNUSED_ static const struct takt_type takt_type_takt_any = {
	"takt_any", "any type: the graph says which", NULL, 0, 0, 1 };

/* TAKT_INTERFACE(task, PORTS, PARAMS): what goes in and out, and what the graph may set.
 * PORTS(IN, OUT) rows of IN(port, message type, "doc") and OUT(port, message type, "doc");
 * PARAMS(P) rows of P(type, name, "unit", default, min, max, "doc"); default, min, max may be empty. */
#define TAKT_INTERFACE(task_, ports_, params_)                                                     \
	struct takt_in_##task_ { ports_(TAKT_DECLARE_IN_, TAKT_SKIP_PORT_) const void *takt_end; };\
	struct takt_out_##task_ { ports_(TAKT_SKIP_PORT_, TAKT_DECLARE_OUT_) void *takt_end; };    \
	struct takt_params_##task_ { params_(TAKT_DECLARE_PARAM_) char takt_end; };                \
	TAKT_UNUSED_ static const struct takt_port takt_ports_##task_[] = {                        \
		ports_(TAKT_DESCRIBE_IN_, TAKT_DESCRIBE_OUT_) TAKT_ZERO_ };                        \
	TAKT_UNUSED_ static const struct takt_param takt_param_rows_##task_[] = {                  \
		params_(TAKT_DESCRIBE_PARAM_) { TAKT_ZERO_, "", "", "" } };

#define TAKT_ROWS_(array) ((uint32_t)(sizeof(array) / sizeof((array)[0]) - 1))

#ifdef __cplusplus
#define TAKT_METHOD_(field, f) [](struct takt_task &takt_t_) { takt_t_.field = f; }
template <class... M> constexpr struct takt_task takt_task_make_(struct takt_task t, M... m)
{
	(m(t), ...);
	return t;
}
#define TAKT_MAKE_TASK_(head, ...) takt_task_make_(takt_task head, __VA_ARGS__)
#define TAKT_HEAD_(...) { __VA_ARGS__, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
#define TAKT_EXTERN_ extern "C"
#else
#define TAKT_METHOD_(field, f) .field = f
#define TAKT_MAKE_TASK_(head, ...) { TAKT_STRIP_ head, __VA_ARGS__ }
#define TAKT_STRIP_(...) __VA_ARGS__
#define TAKT_HEAD_(...) (__VA_ARGS__)
#define TAKT_EXTERN_ extern
#endif
#define TAKT_NEW(f) TAKT_METHOD_(new_, f)
#define TAKT_START(f) TAKT_METHOD_(start, f)
#define TAKT_PREPROCESS(f) TAKT_METHOD_(preprocess, f)
#define TAKT_PROCESS(f) TAKT_METHOD_(process, f)
#define TAKT_POSTPROCESS(f) TAKT_METHOD_(postprocess, f)
#define TAKT_STOP(f) TAKT_METHOD_(stop, f)
#define TAKT_FAILSAFE(f) TAKT_METHOD_(failsafe, f)
#define TAKT_LIVE_PARAMS(names) TAKT_METHOD_(live_params, names)
#define TAKT_CHECK_PARAMS(f) TAKT_METHOD_(check, f)
#define TAKT_CHECK_PORTS(f) TAKT_METHOD_(check_ports, f)
#define TAKT_WAITS TAKT_METHOD_(flags, TAKT_TASK_WAITS)
#define TAKT_WAITS_VIRTUAL TAKT_METHOD_(flags, TAKT_TASK_WAITS | TAKT_TASK_VIRTUAL)	/* both */
#define TAKT_VIRTUAL TAKT_METHOD_(flags, TAKT_TASK_VIRTUAL)	/* see above */
#define TAKT_KEYFRAME(type) TAKT_METHOD_(keyframe, &takt_type_##type)

/* TAKT_TASK(name, TAKT_SOURCE | TAKT_FILTER | TAKT_SINK, state type, "doc", methods…)
 * after TAKT_INTERFACE(name, …). The state type is a complete type; struct takt_stateless for none.
 * TAKT_WAITS stands among the methods of a source or sink that waits for a device. */
#define TAKT_TASK(name_, kind_, state_, doc_, ...)                                                 \
	TAKT_STATIC_ASSERT(sizeof(struct takt_in_##name_) % sizeof(void *) == 0, "ports");         \
	TAKT_TASK_FROM(name_)                                                                      \
	const struct takt_task takt_task_##name_ = TAKT_MAKE_TASK_(                                \
		TAKT_HEAD_((uint32_t)sizeof(struct takt_task), (uint32_t)(kind_), #name_, doc_,    \
			   takt_ports_##name_, takt_param_rows_##name_,                            \
			   TAKT_ROWS_(takt_ports_##name_), TAKT_ROWS_(takt_param_rows_##name_),    \
			   (uint32_t)sizeof(struct takt_params_##name_),                           \
			   (uint32_t)sizeof(state_), (uint32_t)TAKT_ALIGNOF(state_)),              \
		__VA_ARGS__);

/* TAKT_TASK_FROM(name): before TAKT_PLUGIN, for a task that another file of the plug-in defines. */
#define TAKT_TASK_FROM(name_)                                                                      \
	__attribute__((visibility("hidden"))) extern const struct takt_task takt_task_##name_;

/* TAKT_PLUGIN("name", "version", task, …): once in a plug-in, at most 16 tasks. */
#define TAKT_PLUGIN_TASK_(name) &takt_task_##name
#define TAKT_PLUGIN(name_, version_, ...)                                                          \
	TAKT_EXTERN_ __attribute__((weak, visibility("hidden"))) struct takt_text_site             \
		__start_takt_text[];                                                               \
	TAKT_EXTERN_ __attribute__((weak, visibility("hidden"))) struct takt_text_site             \
		__stop_takt_text[];                                                                \
	static const struct takt_task *const takt_plugin_tasks_[] = {                              \
		TAKT_REST_(TAKT_PLUGIN_TASK_, 0, __VA_ARGS__) 0 };                                 \
	TAKT_EXTERN_ __attribute__((visibility("default"))) const struct takt_plugin               \
		takt_plugin_1;                                                                     \
	const struct takt_plugin takt_plugin_1 = {                                                 \
		TAKT_ABI_MAJOR, TAKT_ABI_MINOR, (uint32_t)sizeof(struct takt_plugin),              \
		(uint32_t)sizeof(struct takt_task), name_, version_, takt_plugin_tasks_,           \
		TAKT_ROWS_(takt_plugin_tasks_), (uint32_t)sizeof(struct takt_text_site),           \
		__start_takt_text, __stop_takt_text };

/* --- inside a method ------------------------------------------------------------------------- */

/* Indices of ports, for the functions below. */
#define TAKT_IN_INDEX(task, port) ((uint32_t)(offsetof(struct takt_in_##task, port) / sizeof(void *)))
#define TAKT_OUT_INDEX(task, port) ((uint32_t)(offsetof(struct takt_out_##task, port) / sizeof(void *)))
#define TAKT_IN_TYPE_(task, port) __typeof__(((struct takt_in_##task *)0)->port)
#define TAKT_OUT_TYPE_(task, port) __typeof__(((struct takt_out_##task *)0)->port)

/* The newest message's payload at an input, NULL when absent. */
#define TAKT_IN(ctx, task, port)                                                                   \
	((TAKT_IN_TYPE_(task, port))takt_in_payload_(ctx, TAKT_IN_INDEX(task, port)))

/* The payload of message @i of takt_in_count(), oldest first. */
#define TAKT_IN_AT(ctx, task, port, i)                                                             \
	((TAKT_IN_TYPE_(task, port))(ctx)->inputs[TAKT_IN_INDEX(task, port)].messages[i].payload)

/* The payload to fill. From the first call on the output is present; it starts zeroed (the items of
 * a list at the end of the message are not cleared). Lent until process returns. */
#define TAKT_OUT(ctx, task, port)                                                                  \
	((TAKT_OUT_TYPE_(task, port))(ctx)->host->output((ctx), TAKT_OUT_INDEX(task, port)))

#define TAKT_PARAMS(ctx, task) ((const struct takt_params_##task *)(ctx)->params)
#define TAKT_STATE(ctx, type) ((type *)(ctx)->state)

static inline uint32_t takt_in_count(const struct takt_ctx *ctx, uint32_t input)
{
	return *ctx->inputs[input].count;
}

/* The newest message at @input with its metadata, NULL when absent. */
static inline const struct takt_message *takt_in_message(const struct takt_ctx *ctx, uint32_t input)
{
	const uint32_t count = *ctx->inputs[input].count;

	return count > 0 ? &ctx->inputs[input].messages[count - 1] : NULL;
}

static inline const void *takt_in_payload_(const struct takt_ctx *ctx, uint32_t input)
{
	const struct takt_message *message = takt_in_message(ctx, input);

	return message ? message->payload : NULL;
}

/* Nanoseconds from the message's stamp to this call; for `hold` inputs: the age. 0 when absent. */
static inline uint64_t takt_in_age_ns(const struct takt_ctx *ctx, uint32_t input)
{
	const struct takt_message *message = takt_in_message(ctx, input);

	return message && ctx->now_ns > message->stamp_ns ? ctx->now_ns - message->stamp_ns : 0;
}

/* Time of validity of an output that is present: an instant, a range, or none at all. */
static inline void takt_out_instant(struct takt_ctx *ctx, uint32_t output, uint64_t at_ns)
{
	const struct takt_tov tov = { TAKT_TOV_INSTANT, 0, at_ns, at_ns };

	ctx->host->tov(ctx, output, tov);
}

static inline void takt_out_range(struct takt_ctx *ctx, uint32_t output, uint64_t begin_ns,
				  uint64_t end_ns)
{
	const struct takt_tov tov = { TAKT_TOV_RANGE, 0, begin_ns, end_ns };

	ctx->host->tov(ctx, output, tov);
}

/* Short text beside a present output, at most 63 bytes are kept. */
static inline void takt_out_status(struct takt_ctx *ctx, uint32_t output, const char *text)
{
	ctx->host->status(ctx, output, text);
}

/* Make a present output absent again. */
static inline void takt_out_cancel(struct takt_ctx *ctx, uint32_t output)
{
	ctx->host->cancel(ctx, output);
}

/* The message type of a port, in new and later; NULL when there is no such port. With it a task fills
 * or reads a port that the graph has typed. Valid as long as the task. */
static inline const struct takt_type *takt_in_type(const struct takt_ctx *ctx, uint32_t input)
{
	return ctx->host->port_type(ctx, false, input);
}

static inline const struct takt_type *takt_out_type(const struct takt_ctx *ctx, uint32_t output)
{
	return ctx->host->port_type(ctx, true, output);
}

/* For an io source that can be made to wait, as a reader of files can: what does not fit in its queue
 * waits for room instead of being dropped, and with `take: newest` each message is taken before the
 * next one is put. Off (the default) for what comes when it comes. */
static inline void takt_out_keep_all(struct takt_ctx *ctx, bool on)
{
	ctx->host->keep_all(ctx, on);
}

/* True once the run is to end: an io task that waits should return. */
static inline bool takt_stopping(const struct takt_ctx *ctx)
{
	return ctx->host->stopping(ctx);
}

/* For io tasks: wait until takt_clock_ns() is @at_ns. True when it is; false when the task should return
 * and wait again in its next call, because time goes by (50 ms and more), the run is to end, or time is
 * virtual. In other tasks and methods it only says whether @at_ns is over. */
static inline bool takt_wait_until(struct takt_ctx *ctx, uint64_t at_ns)
{
	return ctx->host->wait_until(ctx, at_ns);
}

/* The time now: for io tasks CLOCK_MONOTONIC, which goes on while they wait, or virtual time; in other
 * tasks ctx->now_ns. */
static inline uint64_t takt_clock_ns(const struct takt_ctx *ctx)
{
	return ctx->host->clock_ns(ctx);
}

/* Whether the run is in virtual time: there is no device to wait for. `new` of an io task that needs one
 * should then say so, and return -EOPNOTSUPP. */
static inline bool takt_is_virtual(const struct takt_ctx *ctx)
{
	return (ctx->flags & TAKT_CTX_VIRTUAL) != 0;
}

#endif
