/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/config/keys.h"

#include <errno.h>
#include <string.h>

#include "rt/config/nearest.h"
#include "rt/config/scalar.h"

#define ROW(place_, struct_, key_, kind_, need_, default_, min_, max_, more_, doc_)                \
	{ place_, TAKT_KEY_##kind_, TAKT_KEY_##need_, (uint32_t)offsetof(struct struct_, key_),    \
	  #key_, default_, min_, max_, more_, doc_ },
#define TAKT_ROOT_KEY(...) ROW(TAKT_PLACE_ROOT, takt_root_keys, __VA_ARGS__)
#define TAKT_RUNTIME_KEY(...) ROW(TAKT_PLACE_RUNTIME, takt_runtime_keys, __VA_ARGS__)
#define TAKT_LOGGING_KEY(...) ROW(TAKT_PLACE_LOGGING, takt_logging_keys, __VA_ARGS__)
#define TAKT_RETENTION_KEY(...) ROW(TAKT_PLACE_RETENTION, takt_retention_keys, __VA_ARGS__)
#define TAKT_TASK_KEY(...) ROW(TAKT_PLACE_TASK, takt_task_keys, __VA_ARGS__)
#define TAKT_PYTHON_KEY(...) ROW(TAKT_PLACE_PYTHON, takt_python_keys, __VA_ARGS__)
#define TAKT_CONNECTION_KEY(...) ROW(TAKT_PLACE_CONNECTION, takt_connection_keys, __VA_ARGS__)
#define TAKT_TYPE_KEY(...) ROW(TAKT_PLACE_TYPE, takt_type_keys, __VA_ARGS__)
#define TAKT_FIELD_KEY(...) ROW(TAKT_PLACE_FIELD, takt_field_keys, __VA_ARGS__)

static const struct takt_key keys[] = {
#include "rt/config/keys.def"
};

#define KEY_COUNT ((uint32_t)(sizeof(keys) / sizeof(keys[0])))

static const char *const place_names[] = {
	[TAKT_PLACE_ROOT] = "",
	[TAKT_PLACE_RUNTIME] = "runtime",
	[TAKT_PLACE_LOGGING] = "logging",
	[TAKT_PLACE_RETENTION] = "logging.retention",
	[TAKT_PLACE_TASK] = "tasks[]",
	[TAKT_PLACE_CONNECTION] = "connections[]",
	[TAKT_PLACE_TYPE] = "types.NAME",
	[TAKT_PLACE_FIELD] = "types.NAME.fields[]",
	[TAKT_PLACE_PYTHON] = "tasks[].python",
};

const struct takt_key *takt_keys(uint32_t *ret_count)
{
	*ret_count = KEY_COUNT;
	return keys;
}

const char *takt_key_place_name(enum takt_key_place place)
{
	return place_names[place];
}

static const struct takt_key *key_find(enum takt_key_place place, const char *key)
{
	for (uint32_t i = 0; i < KEY_COUNT; i++) {
		if (keys[i].place == place && strcmp(keys[i].key, key) == 0) {
			return &keys[i];
		}
	}
	return NULL;
}

static struct takt_value *value_of(void *values, const struct takt_key *key)
{
	return (struct takt_value *)((char *)values + key->offset_bytes);
}

/* "runtime: " and the like in front of a message; nothing at the top. */
static const char *separator(const char *owner)
{
	return owner[0] ? ": " : "";
}

/* `type: array(f32, 2)` within {}: its comma ended the value, and "2)" became a key. The value that was
 * cut, or NULL. */
static const struct takt_node *cut_value(const struct takt_node *map, const struct takt_node *key)
{
	const struct takt_node *before = map->first;
	int open = 0;

	while (before != key && before->next != key) {
		before = before->next;
	}
	if (before == key || before->kind != TAKT_NODE_TEXT || before->quoted || !strchr(key->key, ')')) {
		return NULL;
	}
	for (const char *at = before->text; *at; at++) {
		open += (*at == '(') - (*at == ')');
	}
	return open > 0 ? before : NULL;
}

static int unknown_key(const struct takt_node *map, const struct takt_node *node,
		       enum takt_key_place place, const char *owner, struct takt_err *err)
{
	const struct takt_node *cut = cut_value(map, node);
	char near[TAKT_NEAREST_BYTES];
	const char *names[KEY_COUNT];
	uint32_t count = 0;

	if (cut) {
		return takt_node_error(cut, err, "%s%s%s: a comma within {} ends the value; put it in "
				       "quotes: `%s: '%.80s, %.60s'`", owner, separator(owner), cut->key,
				       cut->key, cut->text, node->key);
	}
	for (uint32_t i = 0; i < KEY_COUNT; i++) {
		if (keys[i].place == place && keys[i].kind != TAKT_KEY_REFUSED) {
			names[count++] = keys[i].key;
		}
	}
	takt_nearest(node->key, "keys", names, count, near);
	if (strncmp(near, "did", 3) != 0 && place == TAKT_PLACE_ROOT) {
		for (uint32_t i = 0; i < KEY_COUNT; i++) {
			if (keys[i].place <= TAKT_PLACE_TASK && strcmp(keys[i].key,
								       node->key) == 0) {
				snprintf(near, sizeof(near), "`%s` stands under `%s`", node->key,
					 place_names[keys[i].place]);
				break;
			}
		}
	}
	return takt_node_key_error(node, err, "%s%sunknown key `%.60s`; %s", owner,
				   separator(owner), node->key, near);
}

/* A list of one CPU, or {catch_up: n}: kinds with a second way of writing. */
static int other_form(const struct takt_key *key, const struct takt_node *node, const char *owner,
		      uint64_t *ret_number, bool *ret_done, struct takt_err *err)
{
	struct takt_err why = { 0 };
	char text[80];
	int rc;

	*ret_done = false;
	if (key->kind == TAKT_KEY_CPUS && node->kind == TAKT_NODE_LIST) {
		if (node->count != 1 || node->first->kind != TAKT_NODE_TEXT) {
			return takt_node_error(node, err, "%s%s%s: more than one lane is not built "
					       "yet; give one CPU: `%s: 3`", owner,
					       separator(owner), key->key,
					       key->key);
		}
		rc = takt_scalar_parse(key, node->first->text, node->first->quoted, ret_number,
				       &why);
	} else if (key->kind == TAKT_KEY_OVERRUN && node->kind == TAKT_NODE_MAP) {
		if (node->count != 1 || node->first->kind != TAKT_NODE_TEXT ||
		    strcmp(node->first->key, "catch_up") != 0) {
			return takt_node_error(node, err, "%s%s%s: this map has another key than "
					       "catch_up; write `%s: {catch_up: 3}`", owner,
					       separator(owner),
					       key->key, key->key);
		}
		snprintf(text, sizeof(text), "%.30s: %.30s", node->first->key, node->first->text);
		rc = takt_scalar_parse(key, text, false, ret_number, &why);
	} else {
		return 0;
	}
	*ret_done = true;
	return rc < 0 ? takt_node_error(node->first, err, "%s%s%s: %s", owner, separator(owner),
					key->key, why.text) : 0;
}

static const char *wanted(enum takt_key_kind kind)
{
	switch (kind) {
	case TAKT_KEY_LIST:
		return "a list";
	case TAKT_KEY_MAP:
		return "a map";
	default:
		return "a value";
	}
}

static const char *example(const struct takt_key *key)
{
	if ((key->kind == TAKT_KEY_LIST || key->kind == TAKT_KEY_MAP) &&
	    key->need == TAKT_KEY_OPTIONAL) {
		return key->more;
	}
	return key->default_text[0] ? key->default_text : key->min_text[0] ? key->min_text : "text";
}

static int value_read(const struct takt_key *key, const struct takt_node *node, const char *owner,
		      struct takt_value *value, struct takt_err *err)
{
	const enum takt_node_kind expected = key->kind == TAKT_KEY_LIST ? TAKT_NODE_LIST :
					     key->kind == TAKT_KEY_MAP ? TAKT_NODE_MAP :
					     TAKT_NODE_TEXT;
	struct takt_err why = { 0 };
	bool done;
	int rc;

	if (key->kind == TAKT_KEY_REFUSED) {
		return takt_node_key_error(node, err, "%s%s`%s` (%s) is not built yet; remove it",
					   owner, separator(owner), key->key, key->more);
	}
	value->node = node;
	rc = other_form(key, node, owner, &value->number, &done, err);
	if (rc < 0 || done) {
		return rc;
	}
	if (node->kind != expected ||
	    (node->kind == TAKT_NODE_TEXT && !node->quoted && !node->text[0])) {
		return takt_node_error(node, err, "%s%s%s: expected %s, found %s; write e.g. `%s: "
				       "%s`", owner,
				       separator(owner), key->key, wanted(key->kind),
				       takt_node_what(node), key->key, example(key));
	}
	if (node->kind != TAKT_NODE_TEXT) {
		return 0;
	}
	value->text = node->text;
	rc = takt_scalar_parse(key, node->text, node->quoted, &value->number, &why);
	return rc < 0 ? takt_node_error(node, err, "%s%s%s: %s", owner, separator(owner), key->key,
					why.text) : 0;
}

void takt_keys_default(enum takt_key_place place, void *values)
{
	for (uint32_t i = 0; i < KEY_COUNT; i++) {
		struct takt_value *value = value_of(values, &keys[i]);

		if (keys[i].place != place) {
			continue;
		}
		*value = (struct takt_value){ .text = "" };
		if (keys[i].need == TAKT_KEY_OPTIONAL && keys[i].default_text[0]) {
			value->text = keys[i].default_text;
			TAKT_CHECK(takt_scalar_parse(&keys[i], value->text, false, &value->number,
						     NULL) == 0);
		}
	}
}

/* Something else where a map of keys belongs: show its first required key. */
static int no_map(const struct takt_node *node, enum takt_key_place place, const char *owner,
		  struct takt_err *err)
{
	const struct takt_key *key = keys;

	while (key->place != place || key->need != TAKT_KEY_REQUIRED) {
		key++;		/* every place whose map is not a key's own value has one */
	}
	return takt_node_error(node, err, "%s%sexpected a map of keys, found %s; write e.g. `{%s: "
			       "%s, …}`",
			       owner, separator(owner), takt_node_what(node), key->key,
			       key->default_text);
}

int takt_keys_read(const struct takt_node *map, enum takt_key_place place, const char *owner,
		   void *values, struct takt_err *err)
{
	takt_keys_default(place, values);
	if (map->kind != TAKT_NODE_MAP) {
		return no_map(map, place, owner, err);
	}
	for (const struct takt_node *n = map->first; n; n = n->next) {
		const struct takt_key *key = key_find(place, n->key);
		int rc;

		if (!key) {
			return unknown_key(map, n, place, owner, err);
		}
		rc = value_read(key, n, owner, value_of(values, key), err);
		if (rc < 0) {
			return rc;
		}
	}
	for (uint32_t i = 0; i < KEY_COUNT; i++) {
		if (keys[i].place == place && keys[i].need == TAKT_KEY_REQUIRED &&
		    !value_of(values, &keys[i])->node) {
			return takt_node_error(map, err, "%s%s`%s` is missing; add e.g. `%s: %s`",
					       owner,
					       separator(owner), keys[i].key, keys[i].key,
					       keys[i].default_text);
		}
	}
	return 0;
}
