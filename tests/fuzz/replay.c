/* A main for fuzzers without libFuzzer: feeds the parser every file of its corpus and a number of
 * mutations of each, the same every time. A crash, a sanitizer's report or a hang is the failure.
 *
 * Usage: NAME_fuzz [-n MUTATIONS_PER_FILE] [-s SEED] [-o FILE_OF_LAST_INPUT] [FILE...]
 * Without files it reads $top_srcdir/tests/fuzz/corpus/NAME_fuzz/.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INPUT_BYTES_MAX (16u << 20)
#define MUTATIONS_DEFAULT 200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct replay {
	uint64_t random;
	uint64_t seed;
	unsigned long mutation_count;
	const char *last_input; /* where each input is kept before it is tried, or NULL */
	unsigned long tried;
	int files;
	int bad;
};

/* splitmix64 */
static uint64_t replay_random(struct replay *r)
{
	uint64_t z = (r->random += 0x9e3779b97f4a7c15u);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static size_t replay_below(struct replay *r, size_t limit)
{
	return limit ? (size_t)(replay_random(r) % limit) : 0;
}

/* One to eight of: flip a bit, set a byte to an edge value, zero a run, copy a run, cut the end off. */
static size_t replay_mutate(struct replay *r, uint8_t *data, size_t size)
{
	static const uint8_t edges[] = {0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff, '\n', ':'};

	for (size_t i = 0, count = 1 + replay_below(r, 8); i < count && size > 0; i++) {
		size_t at = replay_below(r, size);
		size_t run = 1 + replay_below(r, size - at < 64 ? size - at : 64);
		if (run > size - at) {
			run = size - at;
		}
		size_t from = replay_below(r, size - run + 1);

		switch (replay_below(r, 10)) {
		case 0:
			memset(data + at, 0, run);
			break;
		case 1:
			memmove(data + at, data + from, run);
			break;
		case 2:
			size = at;
			break;
		case 3:
		case 4:
		case 5:
			data[at] = edges[replay_below(r, sizeof(edges))];
			break;
		default:
			data[at] ^= (uint8_t)(1u << replay_below(r, 8));
			break;
		}
	}
	return size;
}

/* Each try gets a block of the exact size, so that a sanitizer sees a read beyond its end. */
static void replay_try(struct replay *r, const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy) {
		abort();
	}
	memcpy(copy, data, size);
	if (r->last_input) {
		FILE *f = fopen(r->last_input, "wb");
		if (f) {
			fwrite(copy, 1, size, f);
			fclose(f);
		}
	}
	LLVMFuzzerTestOneInput(copy, size);
	r->tried++;
	free(copy);
}

static void replay_file(struct replay *r, const char *path)
{
	uint8_t *whole = malloc(INPUT_BYTES_MAX);
	uint8_t *work = malloc(INPUT_BYTES_MAX);
	FILE *f = fopen(path, "rb");

	r->files++;
	if (!whole || !work || !f) {
		printf("not ok %d - %s: %s\n", r->files, path, strerror(errno));
		r->bad++;
		goto out;
	}
	size_t size = fread(whole, 1, INPUT_BYTES_MAX, f);

	r->random = r->seed;
	replay_try(r, whole, size);
	for (unsigned long i = 0; i < r->mutation_count; i++) {
		memcpy(work, whole, size);
		replay_try(r, work, replay_mutate(r, work, size));
	}
	printf("ok %d - %s and %lu mutations, seed %" PRIu64 "\n", r->files, path, r->mutation_count, r->seed);
	fflush(stdout);
out:
	if (f) {
		fclose(f);
	}
	free(work);
	free(whole);
}

static void replay_corpus(struct replay *r, const char *program)
{
	const char *base = strrchr(program, '/');
	const char *top = getenv("top_srcdir");
	char dir[4096];
	struct dirent **names;

	snprintf(dir, sizeof(dir), "%s/tests/fuzz/corpus/%s", top ? top : ".", base ? base + 1 : program);
	int count = scandir(dir, &names, NULL, alphasort);
	if (count < 0) {
		printf("Bail out! no corpus: %s: %s\n", dir, strerror(errno));
		exit(EXIT_FAILURE);
	}
	for (int i = 0; i < count; i++) {
		char path[4096 + 300];

		if (names[i]->d_name[0] != '.') {
			snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
			replay_file(r, path);
		}
		free(names[i]);
	}
	free(names);
}

int main(int argc, char **argv)
{
	struct replay r = {.seed = 1, .mutation_count = MUTATIONS_DEFAULT};
	int option;

	while ((option = getopt(argc, argv, "n:s:o:")) != -1) {
		switch (option) {
		case 'n':
			r.mutation_count = strtoul(optarg, NULL, 10);
			break;
		case 's':
			r.seed = strtoull(optarg, NULL, 10);
			break;
		case 'o':
			r.last_input = optarg;
			break;
		default:
			fprintf(stderr, "usage: %s [-n mutations] [-s seed] [-o file] [file...]\n", argv[0]);
			return 2;
		}
	}
	if (optind == argc) {
		replay_corpus(&r, argv[0]);
	}
	for (int i = optind; i < argc; i++) {
		replay_file(&r, argv[i]);
	}
	printf("1..%d\n", r.files);
	return r.bad || r.files == 0;
}
