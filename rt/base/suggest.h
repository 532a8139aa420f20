/* SPDX-License-Identifier: Apache-2.0 */
/* "did you mean …": the nearest of several names to a word that someone typed. */
#ifndef TAKT_BASE_SUGGEST_H
#define TAKT_BASE_SUGGEST_H

#include <stdint.h>

#include "rt/base/tags.h"

struct takt_suggest {
	const char *word;	/* borrowed while in use */
	const char *name;	/* nearest so far, one of the names put in; NULL: none is near */
	uint32_t distance;
};

/* Begin with @word; put every valid name in; then read @suggest->name. A name is near when at most
 * a third of the letters (at least one) must be changed, left out, put in or swapped with the next;
 * upper and lower case count as one. Of equally near ones the first stays.  [setup] */
TAKT_SETUP void takt_suggest_init(struct takt_suggest *suggest, const char *word);
TAKT_SETUP void takt_suggest_put(struct takt_suggest *suggest, const char *name);

/* The same for a plain list. NULL when none is near. */
TAKT_SETUP const char *takt_suggest_find(const char *word, const char *const *names, uint32_t count);

#endif
