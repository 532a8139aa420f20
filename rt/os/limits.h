/* SPDX-License-Identifier: Apache-2.0 */
/* Resource limits of the process. */
#ifndef TAKT_OS_LIMITS_H
#define TAKT_OS_LIMITS_H

#include "rt/base/tags.h"

/* Lift the limit of @resource (RLIMIT_…), or, where that takes a privilege we lack, raise the soft
 * limit to the hard one. Best effort, what cannot be raised stays.  [setup] */
TAKT_SETUP void takt_limit_raise(unsigned resource);

#endif
