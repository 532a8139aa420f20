/* SPDX-License-Identifier: Apache-2.0 */
/* takt log info for programs. */
#ifndef TAKT_MAIN_LOG_INFO_DATA_H
#define TAKT_MAIN_LOG_INFO_DATA_H

#include <stdbool.h>

#include <takt/log.h>

#include "rt/base/text_buffer.h"

/* One object, and rows of key and value. @verified: every checksum was looked at. */
void takt_log_info_put_json(struct takt_text_buffer *out, const struct takt_log *log, bool verified);
void takt_log_info_put_csv(struct takt_text_buffer *out, struct takt_log *log, bool verified);

/* "source", "filter", "sink". */
const char *takt_log_kind_name(uint32_t kind);

#endif
