/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers that are the same for the same seed, on every machine and with every compiler.
 *
 *     struct takt_random random;              in the task's state
 *     takt_random_init(&random, ctx->seed);   in new: another sequence for each task of a run
 *
 * The generator is xoshiro256++ 1.0, its state filled by splitmix64 (D. Blackman and S. Vigna,
 * "Scrambled linear pseudorandom number generators", ACM TOMS 47 (2021), https://prng.di.unimi.it).
 * Good for models and noise, not for secrets. All of it may be called in a cycle.
 * takt_random_normal needs -lm. */
#ifndef TAKT_RANDOM_H
#define TAKT_RANDOM_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

struct takt_random {
	uint64_t state[4];		/* never all zero */
	double spare;			/* the second of a pair of normal numbers */
	bool has_spare;
};

static inline uint64_t takt_random_rotate_(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

/* One step of splitmix64 over *@x.  [any] */
static inline uint64_t takt_random_split_(uint64_t *x)
{
	uint64_t z = *x += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* Begin the sequence of @seed; any number is a good one.  [any] */
static inline void takt_random_init(struct takt_random *random, uint64_t seed)
{
	for (int i = 0; i < 4; i++) {
		random->state[i] = takt_random_split_(&seed);
	}
	random->spare = 0;
	random->has_spare = false;
}

/* 64 random bits.  [RT] */
static inline uint64_t takt_random_u64(struct takt_random *random)
{
	uint64_t *s = random->state;
	const uint64_t result = takt_random_rotate_(s[0] + s[3], 23) + s[0];
	const uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = takt_random_rotate_(s[3], 45);
	return result;
}

/* In [0, 1), a multiple of 2^-53.  [RT] */
static inline double takt_random_uniform(struct takt_random *random)
{
	return (double)(takt_random_u64(random) >> 11) * 0x1.0p-53;
}

/* Normally distributed, mean 0, standard deviation 1, at most 8.6 from 0. Takes two uniform numbers
 * for two calls, with no loop (G. E. P. Box and M. E. Muller, Ann. Math. Statist. 29 (1958)).
 * [RT] */
static inline double takt_random_normal(struct takt_random *random)
{
	double radius, angle;

	if (random->has_spare) {
		random->has_spare = false;
		return random->spare;
	}
	radius = sqrt(-2 * log(1 - takt_random_uniform(random)));
	angle = 6.283185307179586476925286766559 * takt_random_uniform(random);
	random->spare = radius * sin(angle);
	random->has_spare = true;
	return radius * cos(angle);
}

#endif
