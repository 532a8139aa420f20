/* SPDX-License-Identifier: Apache-2.0 */
/* The text log: takt_info(ctx, "fix %d, %.2f m", kind, hdop).
 *
 * The call stores the site's number and the raw arguments; nothing is formatted on the calling
 * thread. Format and arguments are checked by the compiler like printf's. Arguments: integers of up
 * to 64 bits, bit-fields, bool, characters, enums, float, double and long double (kept as double),
 * pointers, C strings, char arrays and texts of messages (at most TAKT_TEXT_STRING_BYTES are kept,
 * and no more are read than the precision of %.*s or %.8s allows); at most TAKT_TEXT_ARGS of them.
 * No wide characters. A disabled level costs one comparison and evaluates nothing. Not inside C++
 * templates or inline functions that several files share.
 *
 * A call that would come too often, with debug, info, warning, error or critical for LEVEL:
 *
 *     takt_LEVEL_once(ctx, "…", …)            the first time in a run
 *     takt_LEVEL_every_n(ctx, n, "…", …)      the first time, and then every n-th
 *     takt_LEVEL_rate(ctx, hz, "…", …)        at most hz times a second, by ctx->now_ns
 *
 * Each task counts for itself. What is left out evaluates nothing but n and hz, and is recorded as
 * a number with the next text of this call, and at the end of the run. */
#ifndef TAKT_TEXT_H
#define TAKT_TEXT_H

#include <takt/text_site.h>

/* Nanoseconds between two texts of @hz a second; never for 0 and less. */
static inline uint64_t takt_text_interval_ns_(double hz)
{
	const double interval_ns = hz > 0 ? 1e9 / hz : 1e19;

	return interval_ns < 1e19 ? (uint64_t)interval_ns : UINT64_MAX;
}

/* (ctx, level, limit, its number, format, arguments…) */
#define TAKT_TEXT_(ctx_, level_, limit_, limit_number_, ...)                                       \
	do {                                                                                       \
		if (0) {                                                                           \
			takt_text_check_(__VA_ARGS__);                                             \
		}                                                                                  \
		__attribute__((section("takt_text"), used)) static struct takt_text_site           \
			takt_site_ = { TAKT_FIRST_(__VA_ARGS__), __FILE__, __LINE__, 0, level_,    \
				       TAKT_COUNT_(__VA_ARGS__), limit_, { 0, 0, 0, 0, 0 },        \
				       { TAKT_REST_(TAKT_TEXT_TAG_, __VA_ARGS__) 0 }, { 0 } };     \
		if (TAKT_UNLIKELY_((uint32_t)(level_) >= (ctx_)->text_level) &&                    \
		    (limit_ == TAKT_TEXT_ALWAYS ||                                                 \
		     (ctx_)->host->text_is_due((ctx_), &takt_site_, (limit_number_)))) {           \
			const uint64_t takt_args_[] = {                                            \
				TAKT_REST_(TAKT_TEXT_WORD_, __VA_ARGS__) 0 };                      \
			(ctx_)->host->text((ctx_), &takt_site_, takt_args_);                       \
		}                                                                                  \
	} while (0)
#define TAKT_UNLIKELY_(x) __builtin_expect(!!(x), 0)
#define TAKT_TEXT_ANY_(ctx, level, ...) TAKT_TEXT_(ctx, level, TAKT_TEXT_ALWAYS, 0, __VA_ARGS__)
#define TAKT_TEXT_ONCE_(ctx, level, ...) TAKT_TEXT_(ctx, level, TAKT_TEXT_ONCE, 0, __VA_ARGS__)
#define TAKT_TEXT_EVERY_N_(ctx, level, n, ...)                                                     \
	TAKT_TEXT_(ctx, level, TAKT_TEXT_EVERY_N, (uint64_t)(n), __VA_ARGS__)
#define TAKT_TEXT_RATE_(ctx, level, hz, ...)                                                       \
	TAKT_TEXT_(ctx, level, TAKT_TEXT_RATE, takt_text_interval_ns_((double)(hz)), __VA_ARGS__)

#define takt_debug(ctx, ...) TAKT_TEXT_ANY_(ctx, TAKT_DEBUG, __VA_ARGS__)
#define takt_info(ctx, ...) TAKT_TEXT_ANY_(ctx, TAKT_INFO, __VA_ARGS__)
#define takt_warning(ctx, ...) TAKT_TEXT_ANY_(ctx, TAKT_WARNING, __VA_ARGS__)
#define takt_error(ctx, ...) TAKT_TEXT_ANY_(ctx, TAKT_ERROR, __VA_ARGS__)
#define takt_critical(ctx, ...) TAKT_TEXT_ANY_(ctx, TAKT_CRITICAL, __VA_ARGS__)

#define takt_debug_once(ctx, ...) TAKT_TEXT_ONCE_(ctx, TAKT_DEBUG, __VA_ARGS__)
#define takt_info_once(ctx, ...) TAKT_TEXT_ONCE_(ctx, TAKT_INFO, __VA_ARGS__)
#define takt_warning_once(ctx, ...) TAKT_TEXT_ONCE_(ctx, TAKT_WARNING, __VA_ARGS__)
#define takt_error_once(ctx, ...) TAKT_TEXT_ONCE_(ctx, TAKT_ERROR, __VA_ARGS__)
#define takt_critical_once(ctx, ...) TAKT_TEXT_ONCE_(ctx, TAKT_CRITICAL, __VA_ARGS__)

#define takt_debug_every_n(ctx, n, ...) TAKT_TEXT_EVERY_N_(ctx, TAKT_DEBUG, n, __VA_ARGS__)
#define takt_info_every_n(ctx, n, ...) TAKT_TEXT_EVERY_N_(ctx, TAKT_INFO, n, __VA_ARGS__)
#define takt_warning_every_n(ctx, n, ...) TAKT_TEXT_EVERY_N_(ctx, TAKT_WARNING, n, __VA_ARGS__)
#define takt_error_every_n(ctx, n, ...) TAKT_TEXT_EVERY_N_(ctx, TAKT_ERROR, n, __VA_ARGS__)
#define takt_critical_every_n(ctx, n, ...) \
	TAKT_TEXT_EVERY_N_(ctx, TAKT_CRITICAL, n, __VA_ARGS__)

#define takt_debug_rate(ctx, hz, ...) TAKT_TEXT_RATE_(ctx, TAKT_DEBUG, hz, __VA_ARGS__)
#define takt_info_rate(ctx, hz, ...) TAKT_TEXT_RATE_(ctx, TAKT_INFO, hz, __VA_ARGS__)
#define takt_warning_rate(ctx, hz, ...) TAKT_TEXT_RATE_(ctx, TAKT_WARNING, hz, __VA_ARGS__)
#define takt_error_rate(ctx, hz, ...) TAKT_TEXT_RATE_(ctx, TAKT_ERROR, hz, __VA_ARGS__)
#define takt_critical_rate(ctx, hz, ...) TAKT_TEXT_RATE_(ctx, TAKT_CRITICAL, hz, __VA_ARGS__)

#endif
