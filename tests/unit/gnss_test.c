/* The tasks of the gnss example, called by a host of the test's own. */
#include <takt/task.h>

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "rt/examples/gnss/gnss.h"
#include "tests/unit/unit.h"

#define TEXTS_MAX 64
#define NS_PER_S 1000000000ull

extern const struct takt_task takt_task_nmea_source;
extern const struct takt_task takt_task_gnss_track;
extern const struct takt_task takt_task_gnss_print;

/* As the macros of the source's interface lay them out. */
struct source_params {
	char path[256];
	int32_t pace;
	double gap_max;
	uint32_t baud;
	char end;
};
enum { PACE_RECORDING, PACE_FULL };

struct rig {
	struct takt_ctx ctx;		/* first: the host finds the rig by it */
	const struct takt_task *task;
	struct takt_input input;
	struct takt_message messages[8];
	uint32_t message_count;
	union {
		struct gnss_fix fix;
		struct gnss_track track;
	} out;
	bool present;
	struct takt_tov tov;
	bool stopping;
	uint64_t deadline_ns;		/* true for takt_stopping from here on: no test hangs */
	char texts[TEXTS_MAX][300];
	uint32_t text_count;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static struct rig *rig_of(struct takt_ctx *ctx)
{
	return (struct rig *)(void *)ctx;
}

static void *host_output(struct takt_ctx *ctx, uint32_t output)
{
	struct rig *r = rig_of(ctx);

	assert_int_equal(output, 0);
	if (!r->present) {
		memset(&r->out, 0, sizeof(r->out));
		r->present = true;
	}
	return &r->out;
}

static void host_tov(struct takt_ctx *ctx, uint32_t output, struct takt_tov tov)
{
	assert_int_equal(output, 0);
	rig_of(ctx)->tov = tov;
}

/* The level, the format and every string among the arguments: enough to look for. */
static void host_text(struct takt_ctx *ctx, const struct takt_text_site *site, const uint64_t *args)
{
	struct rig *r = rig_of(ctx);
	char *text = r->texts[r->text_count];
	size_t bytes = (size_t)snprintf(text, 300, "%u %s", site->level, site->format);

	assert_int_equal(strlen(site->tags), site->arg_count);
	for (uint32_t i = 0; i < site->arg_count; i++) {
		if (site->tags[i] == 's') {
			bytes += (size_t)snprintf(text + bytes, 300 - bytes, " |%.100s",
						  (const char *)(uintptr_t)args[i]);
		} else if (site->tags[i] != 'f') {
			bytes += (size_t)snprintf(text + bytes, 300 - bytes, " |%lld",
						  (long long)args[i]);
		}
	}
	assert_true(++r->text_count < TEXTS_MAX);
}

static bool host_stopping(const struct takt_ctx *ctx)
{
	const struct rig *r = (const struct rig *)(const void *)ctx;

	return r->stopping || now_ns() > r->deadline_ns;
}

static uint64_t host_clock_ns(const struct takt_ctx *ctx)
{
	(void)ctx;
	return now_ns();
}

/* At most 50 ms at once, as the runtime does it. */
static bool host_wait_until(struct takt_ctx *ctx, uint64_t at_ns)
{
	const uint64_t begin_ns = now_ns();
	const uint64_t until_ns = at_ns < begin_ns + 50000000 ? at_ns : begin_ns + 50000000;
	const struct timespec until = { (time_t)(until_ns / NS_PER_S), (long)(until_ns % NS_PER_S) };

	(void)ctx;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
	return now_ns() >= at_ns;
}

static void host_keep_all(struct takt_ctx *ctx, bool on)
{
	(void)ctx;
	(void)on;
}

static const struct takt_host host = {
	.bytes = sizeof(struct takt_host),
	.output = host_output,
	.tov = host_tov,
	.text = host_text,
	.stopping = host_stopping,
	.wait_until = host_wait_until,
	.clock_ns = host_clock_ns,
	.keep_all = host_keep_all,
};

static int rig_init(struct rig *r, const struct takt_task *task, const void *params)
{
	*r = (struct rig){ .task = task, .deadline_ns = now_ns() + 10 * NS_PER_S };
	r->input.messages = r->messages;
	r->input.count = &r->message_count;
	r->ctx.bytes = sizeof(r->ctx);
	r->ctx.host = &host;
	r->ctx.inputs = &r->input;
	r->ctx.state = calloc(1, task->state_bytes);
	r->ctx.params = params;
	r->ctx.task_id = task->name;
	assert_non_null(r->ctx.state);
	return task->new_ ? task->new_(&r->ctx) : 0;
}

static int rig_process(struct rig *r)
{
	r->present = false;
	return r->task->process(&r->ctx);
}

/* Call until there is an output, the source is done, or the time is up. */
static int rig_next(struct rig *r)
{
	int rc;

	do {
		const uint64_t begin_ns = now_ns();

		rc = rig_process(r);
		/* Text is handed on between calls: none may take long. */
		assert_true(now_ns() - begin_ns < NS_PER_S);
	} while (rc == 0 && !r->present && !host_stopping(&r->ctx));
	return rc;
}

static void rig_fini(struct rig *r)
{
	if (r->task->stop) {
		assert_int_equal(r->task->stop(&r->ctx), 0);
	}
	free(r->ctx.state);
}

/* How many texts have @what in them. */
static uint32_t said(const struct rig *r, const char *what)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < r->text_count; i++) {
		count += strstr(r->texts[i], what) != NULL;
	}
	return count;
}

static struct source_params source_params(const char *path, int32_t pace)
{
	struct source_params params = { .pace = pace, .gap_max = 5, .baud = 9600 };

	snprintf(params.path, sizeof(params.path), "%s", path);
	return params;
}

static void assert_near(double a, double b, double within)
{
	if (!(fabs(a - b) <= within)) {
		fail_msg("%.9g is not %.9g", a, b);
	}
}

/* A GGA, or with @date an RMC, at @hhmmss. */
static const char *make_sentence(char out[static 200], const char *hhmmss, const char *date, uint32_t quality)
{
	uint8_t sum = 0;

	if (date) {
		snprintf(out, 200, "$GPRMC,%s,A,5050.4122,N,00420.8266,E,0,0,%s,,,A", hhmmss, date);
	} else {
		snprintf(out, 200, "$GPGGA,%s,5050.4122,N,00420.8266,E,%u,04,2.25,109.44,M,,M,,", hhmmss,
			 quality);
	}
	for (const char *c = out + 1; *c; c++) {
		sum ^= (uint8_t)*c;
	}
	snprintf(out + strlen(out), 10, "*%02X\r\n", sum);
	return out;
}

static void put(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static int make_file(char path[static 32])
{
	strcpy(path, "/tmp/gnss-test-XXXXXX");
	const int fd = mkstemp(path);

	assert_true(fd >= 0);
	return fd;
}

/* --- nmea_source ------------------------------------------------------------------------------- */

static void descriptor_of_the_source_is_as_expected(void **state)
{
	const struct takt_task *task = &takt_task_nmea_source;

	(void)state;
	assert_int_equal(task->params_bytes, sizeof(struct source_params));
	assert_int_equal(task->port_count, 1);
	assert_int_equal(task->ports[0].is_output, 1);
	assert_string_equal(task->ports[0].type->name, "gnss_fix");
	assert_int_equal(task->param_count, 4);
	assert_string_equal(task->params[0].field.unit, "path");
	assert_string_equal(task->params[1].default_text, "recording");
}

static void recording(const char *name, uint32_t expected_fixes, double first_latitude,
		      double last_latitude, struct rig *r)
{
	const char *top = getenv("top_srcdir");
	struct source_params params = source_params("", PACE_FULL);
	uint32_t fixes = 0;
	int rc;

	snprintf(params.path, sizeof(params.path), "%s/rt/examples/gnss/%s", top ? top : ".", name);
	assert_int_equal(rig_init(r, &takt_task_nmea_source, &params), 0);
	while ((rc = rig_next(r)) == 0) {
		assert_true(r->present);
		assert_int_equal(r->tov.kind, TAKT_TOV_INSTANT);
		fixes++;
		if (fixes == 1) {
			assert_near(r->out.fix.latitude, first_latitude, 1e-12);
		}
		if (fixes == expected_fixes) {
			assert_near(r->out.fix.latitude, last_latitude, 1e-12);
		}
	}
	assert_int_equal(rc, TAKT_DONE);
	assert_false(r->present);
	assert_int_equal(fixes, expected_fixes);
	rig_fini(r);
}

static void trimble_recording_gives_122_fixes_and_then_is_done(void **state)
{
	struct rig r;

	(void)state;
	recording("gnss-trimble-rtk.nmea", 122, 41 + 34.49795459 / 60, 41 + 34.50180366 / 60, &r);
	assert_int_equal(said(&r, "no fix"), 0);
	assert_int_equal(said(&r, "fix: %s (was %s) |dgps |none"), 1);
	assert_int_equal(said(&r, "fix: %s (was %s) |rtk_fixed |dgps"), 1);
	assert_int_equal(said(&r, "|244 |122 |0 |9"), 1);
}

static void telit_recording_says_no_fix_once_and_gives_187(void **state)
{
	struct rig r;

	(void)state;
	recording("gnss-telit-he910.nmea", 187, 50 + 50.4122 / 60, 50 + 50.4126 / 60, &r);
	assert_int_equal(said(&r, "no fix"), 1);
	assert_non_null(strstr(r.texts[0], "1 no fix"));
	assert_int_equal(said(&r, "fix: %s (was %s) |gps |none"), 1);
}

static void damaged_lines_are_skipped_and_told_with_reason_and_count(void **state)
{
	char path[32], line[200];
	struct rig r;
	const int fd = make_file(path);
	const struct source_params params = source_params(path, PACE_FULL);

	(void)state;
	put(fd, make_sentence(line, "120000", NULL, 1));
	put(fd, "$GPGGA,120000,5050.4122,N,00420.8266,E,1,04,2.25,109.44,M,,M,,*00\r\n");
	put(fd, "garbage\n");
	put(fd, make_sentence(line, "120001", NULL, 1));
	put(fd, "$GPGGA,12");
	close(fd);
	assert_int_equal(rig_init(&r, &takt_task_nmea_source, &params), 0);
	assert_int_equal(rig_next(&r), 0);
	assert_int_equal(rig_next(&r), 0);
	assert_near(r.out.fix.utc, 43201, 0);
	assert_int_equal(said(&r, "line %llu %s: skipped, %llu damaged so far: %s |2 |has a wrong checksum |1 |$GPGGA"), 1);
	assert_int_equal(rig_next(&r), TAKT_DONE);
	rig_fini(&r);
	assert_int_equal(said(&r, "|5 |has no checksum |3 |$GPGGA,12"), 1);
	assert_int_equal(said(&r, "|2 |2 |3 |0"), 1);
	unlink(path);
}

static void change_of_kind_is_told_and_no_fix_gives_no_message(void **state)
{
	static const uint32_t qualities[] = { 0, 0, 1, 1, 4, 0, 0, 5, 9, 12 };
	char path[32], line[200];
	struct rig r;
	const int fd = make_file(path);
	const struct source_params params = source_params(path, PACE_FULL);

	(void)state;
	for (size_t i = 0; i < sizeof(qualities) / sizeof(qualities[0]); i++) {
		put(fd, make_sentence(line, "120000", NULL, qualities[i]));
	}
	close(fd);
	assert_int_equal(rig_init(&r, &takt_task_nmea_source, &params), 0);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(rig_next(&r), 0);
		assert_true(r.present);
	}
	assert_int_equal(r.out.fix.kind, FIX_OTHER);
	assert_int_equal(rig_next(&r), TAKT_DONE);
	assert_int_equal(said(&r, "1 no fix"), 1);
	assert_int_equal(said(&r, "2 no fix (was %s) |rtk_fixed"), 1);
	assert_int_equal(said(&r, "1 fix:"), 4);
	rig_fini(&r);
	unlink(path);
}

static void recording_is_given_at_its_own_pace_without_its_long_gaps(void **state)
{
	char path[32], line[200];
	struct rig r;
	const int fd = make_file(path);
	const struct source_params params = source_params(path, PACE_RECORDING);

	(void)state;
	put(fd, make_sentence(line, "235959.90", NULL, 1));
	put(fd, make_sentence(line, "000000.00", NULL, 1));
	put(fd, make_sentence(line, "000000.20", NULL, 1));
	put(fd, make_sentence(line, "001000.00", NULL, 1));
	put(fd, make_sentence(line, "000959.90", NULL, 1));
	put(fd, make_sentence(line, "001000.00", NULL, 1));
	close(fd);
	static const double at_s[] = { 0, 0.1, 0.3, 0.3, 0.3, 0.4 };
	const uint64_t begin_ns = now_ns();

	assert_int_equal(rig_init(&r, &takt_task_nmea_source, &params), 0);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(rig_next(&r), 0);
		/* never early, from before the source has begun; late by what a busy machine may take */
		const double s = (double)(r.tov.begin_ns - begin_ns) / 1e9;

		assert_true(s > at_s[i] - 0.005 && s < at_s[i] + 2);
	}
	rig_fini(&r);
	unlink(path);
}

static void date_comes_from_rmc_and_turns_at_midnight(void **state)
{
	char path[32], line[200];
	struct rig r;
	const int fd = make_file(path);
	const struct source_params params = source_params(path, PACE_FULL);

	(void)state;
	put(fd, make_sentence(line, "235958", NULL, 1));
	put(fd, make_sentence(line, "235958", "311219", 1));
	put(fd, make_sentence(line, "235959", NULL, 1));
	put(fd, make_sentence(line, "000000", NULL, 1));
	put(fd, make_sentence(line, "000000", "010120", 1));
	put(fd, make_sentence(line, "000001", NULL, 1));
	close(fd);
	assert_int_equal(rig_init(&r, &takt_task_nmea_source, &params), 0);
	assert_int_equal(rig_next(&r), 0);
	assert_int_equal(r.out.fix.date.year, 0);
	assert_int_equal(rig_next(&r), 0);
	assert_int_equal(r.out.fix.date.year * 10000 + r.out.fix.date.month * 100 + r.out.fix.date.day, 20191231);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(rig_next(&r), 0);
		assert_int_equal(r.out.fix.date.year * 10000 + r.out.fix.date.month * 100 + r.out.fix.date.day,
				 20200101);
	}
	rig_fini(&r);
	unlink(path);
}

static void fifo_goes_on_with_its_next_writer(void **state)
{
	char path[64], line[200];
	struct rig r;
	struct source_params params;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/gnss-test-fifo-%d", getpid());
	assert_int_equal(mkfifo(path, 0600), 0);
	params = source_params(path, PACE_RECORDING);
	assert_int_equal(rig_init(&r, &takt_task_nmea_source, &params), 0);
	for (int writer = 0; writer < 3; writer++) {
		const int fd = open(path, O_WRONLY | O_NONBLOCK);

		assert_true(fd >= 0);
		put(fd, make_sentence(line, "120000", NULL, 1));
		make_sentence(line, "120059", NULL, 4);	/* no pace: it is live */
		line[strlen(line) - 2] = 0;		/* and no end of the line */
		put(fd, line);
		close(fd);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(rig_next(&r), 0);
			assert_true(r.present);
			assert_int_equal(r.out.fix.kind, i == 0 ? FIX_GPS : FIX_RTK_FIXED);
		}
		assert_int_equal(said(&r, "its writer has gone"), writer + 1);
	}
	r.stopping = true;
	assert_int_equal(rig_next(&r), 0);
	assert_false(r.present);
	rig_fini(&r);
	unlink(path);
}

static void stop_ends_the_wait_for_bytes(void **state)
{
	char path[64];
	struct rig r;
	struct source_params params;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/gnss-test-stop-%d", getpid());
	assert_int_equal(mkfifo(path, 0600), 0);
	params = source_params(path, PACE_RECORDING);
	assert_int_equal(rig_init(&r, &takt_task_nmea_source, &params), 0);
	const uint64_t begin_ns = now_ns();

	r.deadline_ns = begin_ns + NS_PER_S / 10;
	assert_int_equal(rig_next(&r), 0);
	assert_false(r.present);
	assert_true(now_ns() - begin_ns < 2 * NS_PER_S);
	rig_fini(&r);
	unlink(path);
}

static int open_pty(const char *link)
{
	const int fd = posix_openpt(O_RDWR | O_NOCTTY);

	if (fd < 0 || grantpt(fd) < 0 || unlockpt(fd) < 0) {
		return -1;
	}
	unlink(link);
	assert_int_equal(symlink(ptsname(fd), link), 0);
	return fd;
}

static void terminal_is_raw_and_opened_again_after_it_hung_up(void **state)
{
	char path[64], line[200];
	struct rig r;
	struct source_params params;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/gnss-test-tty-%d", getpid());
	params = source_params(path, PACE_RECORDING);

	int fd = open_pty(path);

	assert_true(fd >= 0);
	assert_int_equal(rig_init(&r, &takt_task_nmea_source, &params), 0);
	for (int i = 0; i < 2; i++) {
		put(fd, "42,half a line\x03\x1a\r\n");	/* what a raw terminal takes as it is */
		put(fd, make_sentence(line, "120000", NULL, 2));
		assert_int_equal(rig_next(&r), 0);
		assert_true(r.present);
		assert_int_equal(r.out.fix.kind, FIX_DGPS);
		assert_true(now_ns() - r.tov.begin_ns < 5 * NS_PER_S);
		if (i == 0) {
			close(fd);
			r.deadline_ns = now_ns() + NS_PER_S / 4;
			assert_int_equal(rig_next(&r), 0);
			assert_int_equal(said(&r, "2 lost %s"), 1);
			fd = open_pty(path);
			assert_true(fd >= 0);
			for (int tries = 0; tries < 100 && !said(&r, "%s is back"); tries++) {
				r.deadline_ns = now_ns() + NS_PER_S / 20;
				assert_int_equal(rig_next(&r), 0);
			}
			r.deadline_ns = now_ns() + 5 * NS_PER_S;
		}
	}
	assert_int_equal(said(&r, "%s is back"), 1);
	assert_true(said(&r, "has a character that is not printable") >= 1);
	rig_fini(&r);
	assert_int_equal(said(&r, "|2 |2 |2 |0"), 1);
	close(fd);
	unlink(path);
}

static void what_cannot_be_opened_fails_in_new(void **state)
{
	char path[64];
	struct rig r;
	struct source_params params = source_params("/nowhere/at/all", PACE_FULL);

	(void)state;
	assert_int_equal(rig_init(&r, &takt_task_nmea_source, &params), -ENOENT);
	assert_int_equal(said(&r, "3 cannot open %s: %s |/nowhere/at/all |No such file"), 1);
	free(r.ctx.state);
	params = source_params("/tmp", PACE_FULL);
	assert_int_equal(rig_init(&r, &takt_task_nmea_source, &params), -EISDIR);
	free(r.ctx.state);

	snprintf(path, sizeof(path), "/tmp/gnss-test-baud-%d", getpid());
	const int fd = open_pty(path);

	assert_true(fd >= 0);
	params = source_params(path, PACE_FULL);
	params.baud = 12345;
	assert_int_equal(rig_init(&r, &takt_task_nmea_source, &params), -EINVAL);
	assert_int_equal(said(&r, "baud is no rate"), 1);
	free(r.ctx.state);
	close(fd);
	unlink(path);
}

/* --- gnss_track -------------------------------------------------------------------------------- */

struct track_params {
	double min_move;
	double window;
};

static struct gnss_fix fix_at(double latitude, double longitude, double utc)
{
	const struct gnss_fix fix = { .latitude = latitude, .longitude = longitude, .utc = utc,
				      .kind = FIX_GPS };

	return fix;
}

/* One cycle with @count fixes. */
static void track_cycle(struct rig *r, const struct gnss_fix *fixes, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		r->messages[i] = (struct takt_message){ .payload = &fixes[i], .status = "" };
	}
	r->message_count = count;
	assert_int_equal(rig_process(r), 0);
}

/* Lengths by Vincenty's inverse formula on WGS 84. */
static void distance_is_that_on_the_ellipsoid(void **state)
{
	static const struct {
		double from[2];
		double to[2];
		double metres;
	} rows[] = {
		{ { 50, 4 }, { 50.0001, 4 }, 11.122906 },
		{ { 50, 4 }, { 50, 4.001 }, 71.695754 },
		{ { 0, 0 }, { 0, 0.01 }, 1113.194908 },
		{ { 0, 0 }, { 0.01, 0 }, 1105.742758 },
		{ { -33.9, 18.4 }, { -33.95, 18.45 }, 7220.356045 },
		{ { 41.5749659, -93.7505719 }, { 41.5751, -93.7502 }, 34.406980 },
		{ { 10, 179.999 }, { 10.001, -179.999 }, 245.595383 },
		{ { 69.6, 18.9 }, { 69.65, 18.8 }, 6798.729589 },
	};
	const struct track_params params = { 0, 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct gnss_fix fixes[] = { fix_at(rows[i].from[0], rows[i].from[1], 0),
						  fix_at(rows[i].to[0], rows[i].to[1], 1) };
		struct rig r;

		assert_int_equal(rig_init(&r, &takt_task_gnss_track, &params), 0);
		track_cycle(&r, fixes, 2);
		assert_near(r.out.track.distance, rows[i].metres, rows[i].metres * 1e-6);
		assert_near(r.out.track.speed, rows[i].metres, rows[i].metres * 1e-6);
		rig_fini(&r);
	}
}

static void all_fixes_of_a_cycle_are_counted_and_those_without_a_fix_are_not(void **state)
{
	const struct track_params params = { 0, 0.5 };
	struct gnss_fix fixes[] = { fix_at(50, 4, 10), fix_at(51, 4, 11), fix_at(50.0001, 4, 12) };
	struct rig r;

	(void)state;
	fixes[1].kind = FIX_NONE;
	assert_int_equal(rig_init(&r, &takt_task_gnss_track, &params), 0);
	track_cycle(&r, fixes, 0);
	assert_false(r.present);
	track_cycle(&r, fixes + 1, 1);
	assert_false(r.present);
	track_cycle(&r, fixes, 1);
	assert_true(r.present && isnan(r.out.track.speed));
	assert_near(r.out.track.distance, 0, 0);
	track_cycle(&r, fixes, 3);
	assert_int_equal(r.out.track.fixes, 3);
	assert_near(r.out.track.distance, 11.1229, 0.001);
	assert_near(r.out.track.speed, 11.1229 / 2, 0.001);
	assert_near(r.out.track.fix.utc, 12, 0);
	rig_fini(&r);
}

static void moves_shorter_than_min_move_add_up_before_they_count(void **state)
{
	const struct track_params params = { 1, 1 };
	struct rig r;

	(void)state;
	assert_int_equal(rig_init(&r, &takt_task_gnss_track, &params), 0);
	for (int i = 0; i <= 100; i++) {	/* 0.11 m each */
		const struct gnss_fix fix = fix_at(50 + i * 1e-6, 4, i);

		track_cycle(&r, &fix, 1);
		assert_near(r.out.track.distance, i * 0.111229, 1.12);
	}
	assert_near(r.out.track.distance, 11.1229, 0.12);
	for (int i = 0; i < 100; i++) {		/* a receiver that stands still, with noise */
		const struct gnss_fix fix = fix_at(50.0001 + (i % 2) * 1e-6, 4, 101 + i);

		track_cycle(&r, &fix, 1);
	}
	assert_near(r.out.track.distance, 11.1229, 0.12);
	rig_fini(&r);
}

static void speed_goes_over_midnight_and_not_over_gaps_or_steps_back(void **state)
{
	const struct track_params params = { 0, 1 };
	const struct gnss_fix fixes[] = {
		fix_at(50, 4, 86399.5), fix_at(50.0001, 4, 0.5), fix_at(50.0002, 4, 0.2),
		fix_at(50.0003, 4, 1.2), fix_at(50.0004, 4, 600), fix_at(50.0005, 4, (double)NAN),
		fix_at(50.0006, 4, 601), fix_at(50.0007, 4, 602),
	};
	static const double speeds[] = { (double)NAN, 11.1229, (double)NAN, 11.1229, (double)NAN,
					 (double)NAN, (double)NAN, 11.1229 };
	struct rig r;

	(void)state;
	assert_int_equal(rig_init(&r, &takt_task_gnss_track, &params), 0);
	for (int i = 0; i < 8; i++) {
		track_cycle(&r, fixes + i, 1);
		if (isnan(speeds[i])) {
			assert_true(isnan(r.out.track.speed));
		} else {
			assert_near(r.out.track.speed, speeds[i], 0.001);
		}
	}
	rig_fini(&r);
}

/* --- gnss_print -------------------------------------------------------------------------------- */

struct print_params {
	double interval;
	double lost_after;
};

static void print_cycle(struct rig *r, uint64_t at_ms, const struct gnss_track *track)
{
	r->ctx.recent_ns = at_ms * 1000000u;
	r->messages[0] = (struct takt_message){ .payload = track, .status = "" };
	r->message_count = track != NULL;
	assert_int_equal(rig_process(r), 0);
}

static void print_tells_positions_each_interval_changes_and_losses(void **state)
{
	const struct print_params params = { 1, 3 };
	struct gnss_track track = { .fix = fix_at(50, 4, 0), .distance = 12, .fixes = 7 };
	struct rig r;

	(void)state;
	assert_int_equal(rig_init(&r, &takt_task_gnss_print, &params), 0);
	print_cycle(&r, 5000, NULL);
	assert_int_equal(r.text_count, 0);
	for (uint64_t ms = 10000; ms < 13000; ms += 100) {
		print_cycle(&r, ms, &track);
	}
	assert_int_equal(said(&r, "first fix: %s |gps"), 1);
	assert_int_equal(said(&r, "travelled"), 3);
	track.fix.kind = FIX_RTK_FIXED;
	print_cycle(&r, 13000, &track);
	assert_int_equal(said(&r, "fix changed from %s to %s |gps |rtk_fixed"), 1);
	print_cycle(&r, 15900, NULL);
	assert_int_equal(said(&r, "fix lost"), 0);
	print_cycle(&r, 16100, NULL);
	print_cycle(&r, 16200, NULL);
	assert_int_equal(said(&r, "2 fix lost"), 1);
	print_cycle(&r, 17000, &track);
	assert_int_equal(said(&r, "fix is back after %.1f s: %s |rtk_fixed"), 1);
	rig_fini(&r);
	assert_int_equal(said(&r, "1 %llu fixes, %.2f m travelled |7"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptor_of_the_source_is_as_expected),
		cmocka_unit_test(trimble_recording_gives_122_fixes_and_then_is_done),
		cmocka_unit_test(telit_recording_says_no_fix_once_and_gives_187),
		cmocka_unit_test(damaged_lines_are_skipped_and_told_with_reason_and_count),
		cmocka_unit_test(change_of_kind_is_told_and_no_fix_gives_no_message),
		cmocka_unit_test(recording_is_given_at_its_own_pace_without_its_long_gaps),
		cmocka_unit_test(date_comes_from_rmc_and_turns_at_midnight),
		cmocka_unit_test(fifo_goes_on_with_its_next_writer),
		cmocka_unit_test(stop_ends_the_wait_for_bytes),
		cmocka_unit_test(terminal_is_raw_and_opened_again_after_it_hung_up),
		cmocka_unit_test(what_cannot_be_opened_fails_in_new),
		cmocka_unit_test(distance_is_that_on_the_ellipsoid),
		cmocka_unit_test(all_fixes_of_a_cycle_are_counted_and_those_without_a_fix_are_not),
		cmocka_unit_test(moves_shorter_than_min_move_add_up_before_they_count),
		cmocka_unit_test(speed_goes_over_midnight_and_not_over_gaps_or_steps_back),
		cmocka_unit_test(print_tells_positions_each_interval_changes_and_losses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
