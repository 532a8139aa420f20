/* SPDX-License-Identifier: Apache-2.0 */
/* The Python tasks of the runs that taktd records: a host (pyhost/proc/host.h) for each slot
 * file of a region. */
#ifndef TAKT_MAIN_TAKTD_PYTHON_H
#define TAKT_MAIN_TAKTD_PYTHON_H

#include "rt/base/tags.h"
#include "rt/shm/region.h"

struct taktd_python;

/* Start hosts for all Python tasks of the run in @region, which is lent until destroy. NULL: it
 * has none. What fails is said on stderr; those tasks have no host.  [manager] */
TAKT_BG struct taktd_python *taktd_python_create(const struct takt_region *region);

/* Ask all to end: stop is called, children end. NULL is fine, here and below.  [manager] */
TAKT_BG void taktd_python_ask_end(struct taktd_python *python);

/* Whether all have ended.  [manager] */
TAKT_BG bool taktd_python_is_over(const struct taktd_python *python);

/* Ask, wait and free.  [manager] */
TAKT_BG void taktd_python_destroy(struct taktd_python *python);

#endif
