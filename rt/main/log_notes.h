/* SPDX-License-Identifier: Apache-2.0 */
/* What the help of a takt log command says beside its options. */
#ifndef TAKT_MAIN_LOG_NOTES_H
#define TAKT_MAIN_LOG_NOTES_H

/* Of the command @name: what its figures and columns mean; "" when there is nothing to say. */
const char *takt_log_notes(const char *name);

/* How TIME is written, for each command that takes one. */
extern const char takt_log_time_notes[];
extern const char takt_log_list_time_notes[];	/* of list, which knows no run to count from */

#endif
