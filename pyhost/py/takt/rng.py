# SPDX-License-Identifier: Apache-2.0
"""ctx.rng: the numbers of <takt/random.h> for the same seed, with all that random.Random offers on top."""

import math
import random

MASK = (1 << 64) - 1


def _split(x):
    """One step of splitmix64: the next x, and the number."""
    x = (x + 0x9E3779B97F4A7C15) & MASK
    z = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return x, z ^ (z >> 31)


def _rotate(x, k):
    return ((x << k) | (x >> (64 - k))) & MASK


class Rng(random.Random):
    """xoshiro256++. u64(), random() and normal() are takt_random_u64, _uniform and _normal."""

    def seed(self, seed=0, version=2):
        self._state = []
        self._spare = None
        seed = int(seed) & MASK
        for _ in range(4):
            seed, number = _split(seed)
            self._state.append(number)

    def u64(self):
        s = self._state
        result = (_rotate((s[0] + s[3]) & MASK, 23) + s[0]) & MASK
        t = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = _rotate(s[3], 45)
        return result

    def random(self):
        return (self.u64() >> 11) * 2.0**-53

    def normal(self):
        if self._spare is not None:
            spare, self._spare = self._spare, None
            return spare
        radius = math.sqrt(-2 * math.log(1 - self.random()))
        angle = 6.283185307179586476925286766559 * self.random()
        self._spare = radius * math.sin(angle)
        return radius * math.cos(angle)

    def getrandbits(self, k):
        if k < 0:
            raise ValueError("number of bits must be non-negative")
        value = 0
        for _ in range((k + 63) // 64):
            value = value << 64 | self.u64()
        return value >> (-k % 64)

    def getstate(self):
        return (tuple(self._state), self._spare)

    def setstate(self, state):
        self._state, self._spare = list(state[0]), state[1]
