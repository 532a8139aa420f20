/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks that measure the lane they run on.
 *
 * bench_pace stands last in a free-running graph. From the end of its call to the begin of its next
 * one is everything that the lane does for a cycle, commit and seal included; within its call it
 * sleeps until the next cycle is due. It makes its thread real-time, which a free-running lane is
 * not by itself: it sleeps. bench_source fills a payload in place, in one hot slot, or there and
 * copied behind, in turns; bench_text times calls of the text log. Samples stay in memory and are
 * written to a file at stop. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <takt/task.h>

#define NS_PER_S 1000000000ull
#define BLOB_BYTES 1048576
#define BATCH 20		/* calls between two stamps: the counter steps by up to 20 ns */
#define DISABLED 256
#define READS 256

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

static uint64_t mono_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static inline uint64_t counter(void)
{
#if defined(__x86_64__)
	return __rdtsc();
#else
	return mono_ns();
#endif
}

static void *get_memory(uint64_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory != MAP_FAILED) {
		memset(memory, 1, bytes);
	}
	return memory == MAP_FAILED ? NULL : memory;
}

static int put_file(const char *path, const void *bytes, uint64_t count)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	const char *at = bytes;

	if (fd < 0) {
		return -errno;
	}
	while (count > 0) {
		const ssize_t n = write(fd, at, count);

		if (n < 0) {
			close(fd);
			return -EIO;
		}
		at += n;
		count -= (uint64_t)n;
	}
	close(fd);
	return 0;
}

/* --- source: a payload ------------------------------------------------------------------------ */

#define BENCH_BLOB(F) \
	F(u64, marker, "1", "cycle") \
	F(list(u8, 1048576), bytes, "1", "every byte written, or none")
TAKT_MESSAGE(bench_blob, "a payload", BENCH_BLOB)

#define SOURCE_PORTS(IN, OUT) OUT(blob, bench_blob, "one a cycle")
#define SOURCE_PARAMS(P) \
	P(u32, bytes, "1", 64, 8, 1048576, "of payload") \
	P(u32, turn, "1", 0, 0, , "cycles of each way in turn: in place, in one hot slot, there and then copied " \
				  "into a ring; 0: always in place") \
	P(u64, ring, "byte", 67108864, 1048576, , "what is copied into")
TAKT_INTERFACE(bench_source, SOURCE_PORTS, SOURCE_PARAMS)

enum way { IN_PLACE, HOT_SLOT, COPIED, WAYS };

struct source {
	char *slot;
	char *ring;
	uint64_t at;
};

static int source_new(struct takt_ctx *ctx)
{
	struct source *self = TAKT_STATE(ctx, struct source);

	self->slot = get_memory(BLOB_BYTES);
	self->ring = get_memory(TAKT_PARAMS(ctx, bench_source)->ring);
	return self->slot && self->ring ? 0 : -ENOMEM;
}

/* What a task does that computes its output: every word once, in order. */
static void fill(void *at, uint32_t bytes, uint64_t marker)
{
	for (uint32_t i = 0; i + 8 <= bytes; i += 8) {
		const uint64_t word = marker + i;

		memcpy((char *)at + i, &word, sizeof(word));
	}
}

static int source_process(struct takt_ctx *ctx)
{
	const struct takt_params_bench_source *p = TAKT_PARAMS(ctx, bench_source);
	struct source *self = TAKT_STATE(ctx, struct source);
	const enum way way = p->turn > 0 ? (enum way)(ctx->cycle / p->turn % WAYS) : IN_PLACE;
	struct bench_blob *blob = TAKT_OUT(ctx, bench_source, blob);

	blob->marker = ctx->cycle;
	blob->bytes.count = way == IN_PLACE ? p->bytes : 0;
	fill(way == IN_PLACE ? (void *)blob->bytes.at : self->slot, p->bytes, ctx->cycle);
	if (way == COPIED) {
		self->at = self->at + p->bytes > p->ring ? 0 : self->at;
		memcpy(self->ring + self->at, self->slot, p->bytes);
		self->at += p->bytes;
	}
	return 0;
}
TAKT_TASK(bench_source, TAKT_SOURCE, struct source, "fills a payload", TAKT_NEW(source_new),
	  TAKT_PROCESS(source_process))

/* --- pace: what a cycle costs ----------------------------------------------------------------- */

#define PACE_PORTS(IN, OUT) OUT(none, bench_blob, "never")
#define PACE_PARAMS(P) \
	P(u64, period, "ns", 1000000, 0, , "of the cycles") \
	P(bool, waits, "1", true, , , "false: the lane has a rate and waits; the cost is then up to this task") \
	P(u32, samples, "1", 10000, 1, , "at most") \
	P(text(512), file, "path", , , , "for u64[3] each: begin of the cycle, its cost, its late start; ns")
TAKT_INTERFACE(bench_pace, PACE_PORTS, PACE_PARAMS)

struct pace_sample {
	uint64_t begin_ns;
	uint64_t cost_ns;
	uint64_t late_ns;
};

struct pace {
	struct pace_sample *samples;
	uint32_t count;
	uint64_t due_ns;
	uint64_t left_ns;		/* our last call */
	uint64_t late_ns;
	uint64_t first_counter;		/* both clocks, early: the counter's rate follows at stop */
	uint64_t first_ns;
	uint64_t left_counter;
};

static int pace_new(struct takt_ctx *ctx)
{
	struct pace *self = TAKT_STATE(ctx, struct pace);

	self->samples = get_memory(TAKT_PARAMS(ctx, bench_pace)->samples * sizeof(self->samples[0]));
	return self->samples ? 0 : -ENOMEM;
}

static void wait_until_due(struct pace *self, const struct takt_params_bench_pace *p)
{
	struct timespec at;
	uint64_t now = mono_ns();

	self->due_ns = self->due_ns + p->period > now ? self->due_ns + p->period : now;
	at.tv_sec = (time_t)(self->due_ns / NS_PER_S);
	at.tv_nsec = (long)(self->due_ns % NS_PER_S);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR) {
	}
}

static int pace_process(struct takt_ctx *ctx)
{
	const uint64_t entered_ns = mono_ns();
	const uint64_t entered = counter();
	const struct takt_params_bench_pace *p = TAKT_PARAMS(ctx, bench_pace);
	struct pace *self = TAKT_STATE(ctx, struct pace);

	if (self->left_ns == 0) {
		const struct sched_param fifo = { .sched_priority = 80 };

		if (p->waits) {
			(void)sched_setscheduler(0, SCHED_FIFO, &fifo);
		}
		self->first_counter = counter();
		self->first_ns = self->due_ns = mono_ns();
	} else if (self->count < p->samples) {
		self->samples[self->count++] = p->waits
			? (struct pace_sample){ self->left_ns, entered - self->left_counter, self->late_ns }
			: (struct pace_sample){ ctx->recent_ns, entered_ns - ctx->recent_ns, 0 };
	}
	if (p->waits) {
		wait_until_due(self, p);
	}
	self->left_ns = mono_ns();
	self->late_ns = self->left_ns - self->due_ns;
	self->left_counter = counter();
	return 0;
}

static int pace_stop(struct takt_ctx *ctx)
{
	struct pace *self = TAKT_STATE(ctx, struct pace);
	const double ns_per_tick = (double)(self->left_ns - self->first_ns) /
				   (double)(self->left_counter - self->first_counter);

	for (uint32_t i = 0; i < self->count && TAKT_PARAMS(ctx, bench_pace)->waits; i++) {
		self->samples[i].cost_ns = (uint64_t)((double)self->samples[i].cost_ns * ns_per_tick);
	}
	return put_file(TAKT_PARAMS(ctx, bench_pace)->file, self->samples,
			self->count * sizeof(self->samples[0]));
}
TAKT_TASK(bench_pace, TAKT_SOURCE, struct pace, "times the cycle and waits for the next",
	  TAKT_NEW(pace_new), TAKT_PROCESS(pace_process), TAKT_STOP(pace_stop))

/* --- text: what a call of the text log costs -------------------------------------------------- */

#define TEXT_PORTS(IN, OUT) OUT(none, bench_blob, "never")
#define TEXT_PARAMS(P) \
	P(u32, cycles, "1", 2000, 1, , "that are timed, twice: a batch, then single calls") \
	P(text(512), file, "path", , , , "for float[23] each, ns: one read of the counter, one call of a " \
					 "disabled level, one call (mean of 20), 20 calls one by one")
TAKT_INTERFACE(bench_text, TEXT_PORTS, TEXT_PARAMS)

struct text_sample {
	float read_ns;
	float disabled_ns;
	float batch_ns;
	float single_ns[BATCH];
};

struct text {
	struct text_sample *samples;
	uint32_t count;
	bool is_second;			/* of the two cycles of a sample: both begin with cold caches */
	uint64_t first_counter;
	uint64_t first_ns;
};

#define SINK(x) __asm__ volatile("" : : "r"(x) : "memory")

static int text_new(struct takt_ctx *ctx)
{
	struct text *self = TAKT_STATE(ctx, struct text);

	self->samples = get_memory(TAKT_PARAMS(ctx, bench_text)->cycles * sizeof(self->samples[0]));
	return self->samples ? 0 : -ENOMEM;
}

static float time_reads(void)
{
	const uint64_t begin = counter();

	for (uint32_t i = 0; i < READS; i++) {
		SINK(counter());
	}
	return (float)(counter() - begin) / (float)READS;
}

/* Beyond the loop around it. */
static float time_disabled(struct takt_ctx *ctx)
{
	uint64_t begin, middle, end;

	begin = counter();
	for (uint32_t i = 0; i < DISABLED; i++) {
		SINK(i);
	}
	middle = counter();
	for (uint32_t i = 0; i < DISABLED; i++) {
		SINK(i);
		takt_debug(ctx, "never recorded %d %d %f", (int)i, 7, 0.5);
	}
	end = counter();
	return (float)((int64_t)(end - middle) - (int64_t)(middle - begin)) / (float)DISABLED;
}

static float time_batch(struct takt_ctx *ctx)
{
	const uint64_t begin = counter();

	for (int i = 0; i < BATCH; i++) {
		takt_info(ctx, "position %d of %d is %f", i, BATCH, 0.25 * i);
	}
	return (float)(counter() - begin) / (float)BATCH;
}

static void time_singles(struct takt_ctx *ctx, float *ret_ns)
{
	for (int i = 0; i < BATCH; i++) {
		const uint64_t begin = counter();

		takt_info(ctx, "position %d of %d is %f", i, BATCH, 0.25 * i);
		ret_ns[i] = (float)(counter() - begin);
	}
}

static int text_process(struct takt_ctx *ctx)
{
	struct text *self = TAKT_STATE(ctx, struct text);
	struct text_sample *s = &self->samples[self->count];

	if (self->first_ns == 0) {
		self->first_ns = mono_ns();
		self->first_counter = counter();
	}
	if (self->count == TAKT_PARAMS(ctx, bench_text)->cycles) {
		return TAKT_DONE;
	}
	if (self->is_second) {
		time_singles(ctx, s->single_ns);
		self->count++;
	} else {
		s->batch_ns = time_batch(ctx);
		s->disabled_ns = time_disabled(ctx);
		s->read_ns = time_reads();
	}
	self->is_second = !self->is_second;
	return 0;
}

static int text_stop(struct takt_ctx *ctx)
{
	struct text *self = TAKT_STATE(ctx, struct text);
	const float ns_per_tick = (float)((double)(mono_ns() - self->first_ns) /
					  (double)(counter() - self->first_counter));

	float *all = &self->samples[0].read_ns;		/* floats and nothing else */

	for (uint32_t i = 0; i < self->count * (sizeof(self->samples[0]) / sizeof(float)); i++) {
		all[i] *= ns_per_tick;
	}
	return put_file(TAKT_PARAMS(ctx, bench_text)->file, self->samples,
			self->count * sizeof(self->samples[0]));
}
TAKT_TASK(bench_text, TAKT_SOURCE, struct text, "times calls of the text log", TAKT_NEW(text_new),
	  TAKT_PROCESS(text_process), TAKT_STOP(text_stop))

TAKT_PLUGIN("test_bench", "1", bench_source, bench_pace, bench_text)
