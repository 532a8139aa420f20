"""The judge of the benches, on made data: what it lets pass, and what it must not."""

import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
from harness import Tap  # noqa: E402
import judge  # noqa: E402

WINDOWS = 12
SAMPLES = 2000
tap = Tap()


def made(rng, change=lambda rng, value: value):
    """A lane's times: 1 us and a tail, through @change."""
    return [int(change(rng, 1000 + rng.expovariate(1 / 200) + (4000 if rng.random() < 0.002 else 0)))
            for _ in range(SAMPLES)]


def windows(change=lambda rng, value: value, count=WINDOWS):
    rng = random.Random(7)
    result = []
    for i in range(count):
        pair = [(True, made(rng)), (False, made(rng, change))]
        result += pair if i % 2 == 0 else pair[::-1]
    return result


def refused(data, why):
    try:
        judge.unchanged(data)
    except ValueError as error:
        assert why in str(error), error
        return
    raise AssertionError("it was not refused")


@tap.test
def the_same_lane_is_unchanged():
    verdict = judge.unchanged(windows())
    assert verdict.passes, str(verdict)
    assert abs(verdict.intervals["p50"].ratio - 1) < 0.02, str(verdict)


@tap.test
def five_percent_more_are_unchanged_and_fifteen_are_not():
    assert judge.unchanged(windows(lambda rng, v: v * 1.05)).passes
    verdict = judge.unchanged(windows(lambda rng, v: v * 1.15))
    assert not verdict.passes and not verdict.intervals["p50"].passes(), str(verdict)


@tap.test
def a_longer_tail_alone_is_a_change():
    verdict = judge.unchanged(windows(lambda rng, v: v * 1.8 if v > 4500 else v))
    assert verdict.intervals["p50"].passes() and verdict.intervals["p99"].passes(), str(verdict)
    assert not verdict.intervals["p99.9"].passes() and not verdict.passes, str(verdict)


@tap.test
def one_window_of_twelve_with_a_wide_tail_is_seen():
    data = windows()
    last = next(i for i in reversed(range(len(data))) if not data[i][0])
    data[last] = (False, [v * 1.9 for v in data[last][1]])
    assert not judge.unchanged(data).passes, str(judge.unchanged(data))


@tap.test
def one_maximum_of_three_times_is_a_change():
    data = windows()
    top = max(v for is_reference, samples in data if is_reference for v in samples)
    index = next(i for i, w in enumerate(data) if not w[0])
    data[index][1][0] = 3 * top
    verdict = judge.unchanged(data)
    assert all(i.passes() for i in verdict.intervals.values()), str(verdict)
    assert not verdict.passes and verdict.maximum == 3, str(verdict)


@tap.test
def what_is_faster_is_unchanged():
    assert judge.unchanged(windows(lambda rng, v: v * 0.5)).passes


@tap.test
def too_few_windows_are_refused():
    refused(windows(count=9), "9 windows")
    judge.unchanged(windows(count=10))


@tap.test
def windows_that_do_not_take_turns_are_refused():
    data = windows()
    refused(sorted(data, key=lambda w: w[0]), "interleaved")
    refused(data[:-1], "interleaved")


@tap.test
def an_empty_window_is_refused():
    data = windows()
    data[5] = (data[5][0], [])
    refused(data, "without a sample")


@tap.test
def the_pooled_percentile_is_that_of_all_samples_together():
    rng = random.Random(3)
    for _ in range(50):
        lists = [sorted(rng.randrange(30) for _ in range(rng.randrange(1, 20))) for _ in range(rng.randrange(1, 6))]
        drawn = rng.choices(lists, k=len(lists))
        together = sorted(v for one in drawn for v in one)
        values = sorted({v for one in lists for v in one})
        for fraction in (0, 0.5, 0.99, 0.999, 1):
            assert judge.pooled_percentile(drawn, values, fraction) == judge.percentile(together, fraction)


@tap.test
def the_verdict_of_a_ratio_is_that_of_the_medians():
    rows = []
    report, judge.report = judge.report, lambda *row: rows.append(row)
    try:
        judge.compare("x", judge.Spread([10, 30, 11]), judge.Spread([10, 10, 1]), 1.1)
        judge.compare("x", judge.Spread([10, 30, 12]), judge.Spread([10, 10, 1]), 1.1)
        judge.compare("x", judge.Spread([]), judge.Spread([10]), 1.1)
    finally:
        judge.report = report
    assert [row[-1] for row in rows] == [True, False, False], rows


tap.main()
