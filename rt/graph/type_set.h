/* SPDX-License-Identifier: Apache-2.0 */
/* The message types that a graph's plug-ins declare: each name once, nested ones first. The same
 * type may be declared in many places; what counts is that the layouts agree. */
#ifndef TAKT_GRAPH_TYPE_SET_H
#define TAKT_GRAPH_TYPE_SET_H

#include "rt/base/pool.h"
#include "rt/msg/layout.h"

#define TAKT_TYPE_SET_MAX 1024u

struct takt_type_entry {
	const struct takt_type *type;	/* a copy: what it nests are types of the set */
	struct takt_layout *layout;	/* of it; owned by the set */
	const char *origin;		/* "plug-in gnss.so" */
};

struct takt_type_set {
	struct takt_pool *pool;		/* borrowed */
	struct takt_type_entry entries[TAKT_TYPE_SET_MAX];
	uint32_t count;
	const struct takt_type *seen[TAKT_TYPE_SET_MAX];	/* descriptors known to be right */
	uint32_t seen_count;
};

/* A set in @pool, which must outlive it; fini frees what is not in the pool. NULL: no memory. */
TAKT_SETUP struct takt_type_set *takt_type_set_create(struct takt_pool *pool);
TAKT_SETUP void takt_type_set_destroy(struct takt_type_set *set);

/* Add @type (kept) and what it nests. A second declaration of a name must have the same hash.
 * Returns 0, -EINVAL with a message without place that shows both, -ENOMEM.  [setup] */
TAKT_SETUP int takt_type_set_add(struct takt_type_set *set, const struct takt_type *type,
				 const char *origin, struct takt_err *err);

/* The entry of the name of @type, or NULL. */
TAKT_ANY const struct takt_type_entry *takt_type_set_find(const struct takt_type_set *set,
							  const char *name);

/* "field `alt`: f32 [m] here, f64 [m] there; …": how two types of one name differ, into @out. */
TAKT_SETUP void takt_type_difference(const struct takt_type *here, const struct takt_type *there,
				     char *out, uint32_t out_bytes);

#endif
