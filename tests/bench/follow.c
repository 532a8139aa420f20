/* SPDX-License-Identifier: Apache-2.0 */
/* How long after its commit a reader in another process sees a record of a run that goes on.
 *
 *     follow LOG RUN-DIR SECONDS            by <takt/log.h>
 *     follow --lines START-MONO-NS SECONDS  lines of `takt log copperlists -f -o jsonl` on stdin
 *
 * A copperlist is committed when its cycle ends (start + duration), a text a little after its time;
 * lines have the cycle's start only, which is earlier than the commit. Prints one row of JSON:
 * counts, lag in us, the reader's own CPU in % of a core, the longest time without a record. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <takt/log.h>

#define LAGS_MAX 4000000u
#define LINE_BYTES (1u << 20)

struct lags {
	double *us;
	size_t count;
	uint64_t next_cycle;		/* of the next copperlist */
	uint64_t missing;
	uint64_t doubled;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static double cpu_s(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
	       1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void put(struct lags *lags, uint64_t committed_ns, uint64_t seen_ns)
{
	if (lags->count < LAGS_MAX) {
		lags->us[lags->count++] = 1e-3 * (double)(int64_t)(seen_ns - committed_ns);
	}
}

static void put_cycle(struct lags *lags, uint64_t cycle)
{
	if (lags->next_cycle != 0 && cycle < lags->next_cycle) {
		lags->doubled++;
		return;
	}
	if (lags->next_cycle != 0) {
		lags->missing += cycle - lags->next_cycle;
	}
	lags->next_cycle = cycle + 1;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double at(const struct lags *lags, double share)
{
	return lags->count ? lags->us[(size_t)((double)(lags->count - 1) * share)] : 0.0;
}

static void report(struct lags *lags, double cpu_percent)
{
	qsort(lags->us, lags->count, sizeof(*lags->us), compare);
	printf("{\"count\":%zu,\"missing\":%" PRIu64 ",\"doubled\":%" PRIu64 ",\"p50_us\":%.1f,"
	       "\"p99_us\":%.1f,\"max_us\":%.1f,\"cpu_percent\":%.2f}\n",
	       lags->count, lags->missing, lags->doubled, at(lags, 0.5), at(lags, 0.99),
	       at(lags, 1.0), cpu_percent);
}

static int follow_library(const char *path, const char *run_dir, double seconds, struct lags *lags)
{
	const struct takt_log_options options = { sizeof(options), 1, run_dir };
	struct takt_log_error error = { 0 };
	struct takt_log_cursor *cursor = NULL;
	const struct takt_log_record *record;
	struct takt_log *log = NULL;
	uint64_t begin_ns, end_ns;
	int r;

	if (takt_log_open(path, &options, &log, &error) < 0 ||
	    takt_log_cursor_create(log, NULL, &cursor, &error) < 0) {
		fprintf(stderr, "follow: %s\n", error.text);
		return 1;
	}
	begin_ns = now_ns();
	end_ns = begin_ns + (uint64_t)(seconds * 1e9);
	for (;;) {
		const uint64_t seen_ns = now_ns();

		r = takt_log_next(cursor, &record, &error);
		if (r < 0 || seen_ns > end_ns || (r == 0 && takt_log_ended(cursor))) {
			break;
		}
		if (r == 0) {
			const struct timespec pause = { 0, (long)takt_log_pause_ns(cursor) };

			nanosleep(&pause, NULL);
			continue;
		}
		if (record->copperlist) {
			put_cycle(lags, record->cycle);
		}
		if (record->mono_ns > begin_ns && !record->lifecycle) {
			put(lags, record->mono_ns +
				  (record->copperlist ? record->copperlist->duration_ns : 0), now_ns());
		}
	}
	takt_log_cursor_destroy(cursor);
	takt_log_close(log);
	return r < 0;
}

static int follow_lines(uint64_t start_mono_ns, double seconds, struct lags *lags)
{
	char *line = malloc(LINE_BYTES);
	const uint64_t begin_ns = now_ns(), end_ns = begin_ns + (uint64_t)(seconds * 1e9);

	while (line && fgets(line, LINE_BYTES, stdin) && now_ns() < end_ns) {
		const char *t = strstr(line, "\"t_ns\":"), *cycle = strstr(line, "\"cycle\":");

		if (t && cycle) {
			const uint64_t mono_ns = start_mono_ns + strtoull(t + 7, NULL, 10);

			put_cycle(lags, strtoull(cycle + 8, NULL, 10));
			if (mono_ns > begin_ns) {
				put(lags, mono_ns, now_ns());
			}
		}
	}
	free(line);
	return 0;
}

int main(int argc, char **argv)
{
	struct lags lags = { .us = calloc(LAGS_MAX, sizeof(*lags.us)) };
	uint64_t begin_ns;
	double cpu;
	int r;

	if (argc != 4 || !lags.us) {
		fprintf(stderr, "usage: follow LOG RUN-DIR SECONDS | --lines START-MONO-NS SECONDS\n");
		return 2;
	}
	begin_ns = now_ns();
	cpu = cpu_s();
	r = strcmp(argv[1], "--lines") == 0
		    ? follow_lines(strtoull(argv[2], NULL, 10), atof(argv[3]), &lags)
		    : follow_library(argv[1], argv[2], atof(argv[3]), &lags);
	report(&lags, 1e11 * (cpu_s() - cpu) / (double)(now_ns() - begin_ns));
	free(lags.us);
	return r;
}
