/* SPDX-License-Identifier: Apache-2.0 */
/* The table of keys of a graph file (keys.def) as data, and what reads a map by it. */
#ifndef TAKT_CONFIG_KEYS_H
#define TAKT_CONFIG_KEYS_H

#include "rt/config/tree.h"

enum takt_key_kind {
	TAKT_KEY_INT,		/* number: as written, no unit */
	TAKT_KEY_BOOL,		/* number: 0 or 1 */
	TAKT_KEY_TEXT,
	TAKT_KEY_NAME,		/* letters, digits, _ and -; begins with a letter or _ */
	TAKT_KEY_CHOICE,	/* number: index of the word in `more` */
	TAKT_KEY_NS,		/* number: nanoseconds */
	TAKT_KEY_BYTES,		/* number: bytes */
	TAKT_KEY_RATE,		/* number: nanoseconds of a period, 0: free running */
	TAKT_KEY_CPU,		/* number: CPU, or TAKT_CPU_UNSET for auto */
	TAKT_KEY_CPUS,		/* the same, or a list with one CPU */
	TAKT_KEY_OVERRUN,	/* number: index of the word; for catch_up or'ed with n << 8 */
	TAKT_KEY_LIST,
	TAKT_KEY_MAP,
	TAKT_KEY_REFUSED	/* declared, not built yet */
};

enum takt_key_need { TAKT_KEY_OPTIONAL, TAKT_KEY_REQUIRED };

enum takt_key_place {
	TAKT_PLACE_ROOT, TAKT_PLACE_RUNTIME, TAKT_PLACE_LOGGING, TAKT_PLACE_RETENTION,
	TAKT_PLACE_TASK, TAKT_PLACE_CONNECTION, TAKT_PLACE_TYPE, TAKT_PLACE_FIELD,
	TAKT_PLACE_PYTHON
};

#define TAKT_CPU_UNSET UINT64_MAX
#define TAKT_OVERRUN_CATCH_UP_INDEX 1u	/* in "skip|catch_up|stop" */
#define TAKT_NAME_BYTES_MAX 63u

struct takt_key {
	enum takt_key_place place;
	enum takt_key_kind kind;
	enum takt_key_need need;
	uint32_t offset_bytes;		/* of its struct takt_value in the place's struct */
	const char *key;
	const char *default_text;	/* of a required key: an example */
	const char *min_text;
	const char *max_text;
	const char *more;
	const char *doc;
};

/* What stands at a key, or its default. */
struct takt_value {
	const struct takt_node *node;	/* NULL: not given */
	const char *text;		/* as written; "" when unset */
	uint64_t number;		/* meaning by kind */
};

/* The keys of a place: one struct takt_value a row of keys.def, under the key's name. */
struct takt_root_keys {
#define TAKT_ROOT_KEY(key, ...) struct takt_value key;
#include "rt/config/keys.def"
};
struct takt_runtime_keys {
#define TAKT_RUNTIME_KEY(key, ...) struct takt_value key;
#include "rt/config/keys.def"
};
struct takt_logging_keys {
#define TAKT_LOGGING_KEY(key, ...) struct takt_value key;
#include "rt/config/keys.def"
};
struct takt_retention_keys {
#define TAKT_RETENTION_KEY(key, ...) struct takt_value key;
#include "rt/config/keys.def"
};
struct takt_task_keys {
#define TAKT_TASK_KEY(key, ...) struct takt_value key;
#include "rt/config/keys.def"
};
struct takt_python_keys {
#define TAKT_PYTHON_KEY(key, ...) struct takt_value key;
#include "rt/config/keys.def"
};
struct takt_connection_keys {
#define TAKT_CONNECTION_KEY(key, ...) struct takt_value key;
#include "rt/config/keys.def"
};
struct takt_type_keys {
#define TAKT_TYPE_KEY(key, ...) struct takt_value key;
#include "rt/config/keys.def"
};
struct takt_field_keys {
#define TAKT_FIELD_KEY(key, ...) struct takt_value key;
#include "rt/config/keys.def"
};

/* All rows, place by place, for help and docs. */
TAKT_ANY const struct takt_key *takt_keys(uint32_t *ret_count);

/* "runtime", "tasks[]"…: how a place is called in help; "" for the top. */
TAKT_ANY const char *takt_key_place_name(enum takt_key_place place);

/* Read @map by the rows of @place into @values, the place's struct of keys. @owner: whose map it
 * is, for messages ("task `track`"). Unknown, missing and refused keys, wrong kinds, units and
 * ranges are errors. Returns 0 or -EINVAL.  [setup] */
TAKT_SETUP int takt_keys_read(const struct takt_node *map, enum takt_key_place place,
			      const char *owner, void *values, struct takt_err *err);

/* Fill @values with the defaults only: for a place whose map is not given. */
TAKT_SETUP void takt_keys_default(enum takt_key_place place, void *values);

/* True for letters, digits, _ and -, begun by a letter or _, at most TAKT_NAME_BYTES_MAX. */
TAKT_ANY bool takt_id_is_valid(const char *name);

/* The text of word @index of "a|b|c" is written to @out. */
TAKT_ANY void takt_key_word(const char *words, uint64_t index, char *out, uint32_t out_bytes);

#endif
