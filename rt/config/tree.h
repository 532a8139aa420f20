/* SPDX-License-Identifier: Apache-2.0 */
/* A YAML file as a tree of texts, lists and maps, each with its place.
 *
 * A subset on purpose: one document, no anchors, aliases or tags, no key twice. Sizes and depth are
 * bounded, so that any bytes end in a tree or in one line that says what is wrong where. */
#ifndef TAKT_CONFIG_TREE_H
#define TAKT_CONFIG_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rt/base/err.h"
#include "rt/base/pool.h"

#define TAKT_TREE_BYTES_MAX (1u << 20)
#define TAKT_TREE_DEPTH_MAX 16u
#define TAKT_TREE_NODES_MAX 65536u
#define TAKT_TREE_KEYS_MAX 1024u		/* in one map */

enum takt_node_kind { TAKT_NODE_TEXT, TAKT_NODE_LIST, TAKT_NODE_MAP };

struct takt_node {
	enum takt_node_kind kind;
	bool quoted;			/* text: was written in quotes or as a block */
	uint32_t line;
	uint32_t column;
	uint32_t key_line;
	uint32_t key_column;
	uint32_t count;			/* children */
	const char *file;		/* for messages */
	const char *key;		/* in a map, else NULL */
	const char *text;		/* TAKT_NODE_TEXT, else NULL */
	struct takt_node *first;	/* child */
	struct takt_node *next;		/* sibling */
};

/* Parse @size_bytes of outside input; @file is its name in messages. Everything lies in @pool.
 * Returns 0, -EINVAL with line and column, -E2BIG, -ENOMEM.  [setup] */
TAKT_SETUP int takt_tree_parse(struct takt_pool *pool, const char *file, const void *bytes,
			       size_t size_bytes, const struct takt_node **ret_root,
			       struct takt_err *err);

/* The value of @key in @map, NULL when there is none (or @map is NULL or no map). */
TAKT_ANY const struct takt_node *takt_node_find(const struct takt_node *map, const char *key);

/* "a text", "a list", "a map", "nothing": what stands at @node, for messages. */
TAKT_ANY const char *takt_node_what(const struct takt_node *node);

/* Set @err to a message at the value, or at the key, of @node, on one line without control
 * characters. Returns -EINVAL. */
TAKT_ANY int takt_node_error(const struct takt_node *node, struct takt_err *err,
			     const char *format, ...) __attribute__((format(printf, 3, 4)));
TAKT_ANY int takt_node_key_error(const struct takt_node *node, struct takt_err *err,
				 const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same for any place. */
TAKT_ANY int takt_place_error(const char *file, uint32_t line, uint32_t column,
			      struct takt_err *err, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

#endif
