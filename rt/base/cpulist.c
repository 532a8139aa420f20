/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/base/cpulist.h"

#include <errno.h>
#include <stdio.h>

static const char *skip_blanks(const char *at)
{
	while (*at == ' ' || *at == '\t' || *at == '\n') {
		at++;
	}
	return at;
}

/* Number at *@at; moves *@at behind it. Returns 0, -EINVAL (no digit) or -ERANGE. */
static int parse_cpu(const char **at, uint32_t *ret_cpu)
{
	uint32_t cpu = 0;

	if (**at < '0' || **at > '9') {
		return -EINVAL;
	}
	for (; **at >= '0' && **at <= '9'; (*at)++) {
		cpu = cpu * 10 + (uint32_t)(**at - '0');
		if (cpu >= TAKT_CPUS_MAX) {
			return -ERANGE;
		}
	}
	*ret_cpu = cpu;
	return 0;
}

/* "3" or "0-3" at *@at. */
static int parse_range(const char **at, uint32_t *ret_first, uint32_t *ret_last)
{
	uint32_t first, last;
	int ret = parse_cpu(at, &first);

	if (ret < 0) {
		return ret;
	}
	last = first;
	if (**at == '-') {
		(*at)++;
		ret = parse_cpu(at, &last);
		if (ret < 0) {
			return ret;
		}
	}
	if (last < first) {
		return -EINVAL;
	}
	*ret_first = first;
	*ret_last = last;
	return 0;
}

int takt_cpulist_parse(const char *text, struct takt_cpulist *ret_cpus, struct takt_err *err)
{
	struct takt_cpulist cpus = { 0 };
	const char *at = skip_blanks(text);
	uint32_t first, last;
	int ret = 0;

	while (*at || ret < 0) {
		ret = parse_range(&at, &first, &last);
		if (ret < 0) {
			break;
		}
		for (uint32_t cpu = first; cpu <= last; cpu++) {
			takt_cpulist_add(&cpus, cpu);
		}
		at = skip_blanks(at);
		if (*at == '\0') {
			break;
		}
		/* Behind a comma another range must follow. */
		ret = -EINVAL;
		if (*at != ',') {
			break;
		}
		at = skip_blanks(at + 1);
	}
	if (ret == -ERANGE) {
		return takt_err_set(err, ret, "`%s`: CPU numbers go up to %u", text, TAKT_CPUS_MAX - 1);
	}
	if (ret < 0) {
		return takt_err_set(err, ret, "`%s` is no list of CPUs: write it like 0-3,7", text);
	}
	*ret_cpus = cpus;
	return 0;
}

int takt_cpulist_format(const struct takt_cpulist *cpus, char *out, uint32_t out_bytes)
{
	uint32_t used = 0;

	if (out_bytes == 0) {
		return -ENOSPC;
	}
	out[0] = '\0';
	for (uint32_t first = takt_cpulist_next(cpus, 0); first < TAKT_CPUS_MAX;) {
		uint32_t last = first;
		int written;

		while (takt_cpulist_has(cpus, last + 1)) {
			last++;
		}
		if (first == last) {
			written = snprintf(out + used, out_bytes - used, "%s%u", used ? "," : "", first);
		} else {
			written = snprintf(out + used, out_bytes - used, "%s%u%c%u", used ? "," : "",
					   first, last == first + 1 ? ',' : '-', last);
		}
		if (written < 0 || (uint32_t)written >= out_bytes - used) {
			return -ENOSPC;
		}
		used += (uint32_t)written;
		first = takt_cpulist_next(cpus, last + 1);
	}
	return (int)used;
}

uint32_t takt_cpulist_count(const struct takt_cpulist *cpus)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < TAKT_CPUS_MAX / 64; i++) {
		count += (uint32_t)__builtin_popcountll(cpus->words[i]);
	}
	return count;
}

uint32_t takt_cpulist_next(const struct takt_cpulist *cpus, uint32_t cpu)
{
	while (cpu < TAKT_CPUS_MAX && !takt_cpulist_has(cpus, cpu)) {
		cpu++;
	}
	return cpu;
}
