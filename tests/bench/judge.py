"""How the benches judge: medians with range, ratios within one run, and what "unchanged" means.

    judge.py TABLE      print the summary of what the benches have put into the file TABLE; exit status 0
                        also when figures are short of their bar: a bench reports, it is no test

Percentiles are those of a sorted list at index (n - 1) * fraction, rounded down.
"""

import bisect
import json
import os
import random
import statistics
import sys

WINDOWS_MIN = 10		# of either kind
FRACTIONS = (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999))
REACHES, ENDS, MAXIMUM = 1.1, 1.25, 2.0
ROUNDS = 1000			# of the bootstrap


def percentile(values, fraction):
    """Of @values, which are sorted."""
    return values[int((len(values) - 1) * fraction)]


class Spread:
    """What the repetitions of one figure came to."""

    def __init__(self, values):
        self.values = sorted(values)
        self.median = statistics.median(self.values) if self.values else float("nan")

    def text(self, form="{:.1f}", unit=""):
        if not self.values:
            return "no repetition counts"
        low, high = form.format(self.values[0]), form.format(self.values[-1])
        return f"{form.format(self.median)}{unit} [{low}..{high}] n={len(self.values)}"


def report(figure, measured, reference, ratio, bar, passes):
    """One line now, and one of the summary. @passes: None where there is nothing to hold it to."""
    row = {"figure": figure, "measured": measured, "reference": reference, "ratio": ratio, "bar": bar,
           "verdict": "-" if passes is None else "pass" if passes else "SHORT"}
    print(f"  {row['verdict']:5} {figure}: {measured}; reference {reference}; {ratio} (bar: {bar})", flush=True)
    table = os.environ.get("TAKT_BENCH_TABLE")
    if table:
        with open(table, "a") as f:
            f.write(json.dumps(row) + "\n")


def compare(figure, measured, reference, bar, form="{:.1f}", unit=""):
    """Two spreads; the ratio of their medians must not pass @bar (None: nothing to hold it to)."""
    ratio = measured.median / reference.median if measured.values and reference.values else float("nan")
    report(figure, measured.text(form, unit), reference.text(form, unit), f"{ratio:.2f} x",
           "-" if bar is None else f"<= {bar} x", None if bar is None else ratio <= bar)


# --- unchanged ---------------------------------------------------------------------------------------


class Interval:
    """A ratio and its bootstrap interval (95 %)."""

    def __init__(self, ratio, low, high):
        self.ratio, self.low, self.high = ratio, low, high

    def passes(self):
        return self.low <= REACHES and self.high <= ENDS

    def __str__(self):
        return f"{self.ratio:.2f} ({self.low:.2f}..{self.high:.2f})"


class Unchanged:
    """Whether windows differ from reference windows; `passes`, `intervals` by name, `maximum` ratio."""

    def __init__(self, intervals, maximum):
        self.intervals, self.maximum = intervals, maximum
        self.passes = maximum <= MAXIMUM and all(i.passes() for i in intervals.values())

    def __str__(self):
        return ", ".join(f"{name} {i}" for name, i in self.intervals.items()) + f", max {self.maximum:.2f}"


def pooled_percentile(windows, values, fraction):
    """Of all samples of @windows (sorted lists, one may stand there twice); @values: all that occur, sorted."""
    rank = int((sum(map(len, windows)) - 1) * fraction)
    low, high = 0, len(values) - 1
    while low < high:
        middle = (low + high) // 2
        if sum(bisect.bisect_right(w, values[middle]) for w in windows) > rank:
            high = middle
        else:
            low = middle + 1
    return values[low]


def ratios(reference, windows, values):
    result = {}
    for name, fraction in FRACTIONS:
        below = pooled_percentile(reference, values, fraction)
        result[name] = pooled_percentile(windows, values, fraction) / max(below, 1)
    return result


def unchanged(windows, seed=1):
    """@windows: (is_reference, samples in ns) in the order in which they were taken, one of either kind
    in each pair of neighbours, at least WINDOWS_MIN of each. The whole windows are resampled: what
    lies in one window is not independent of its neighbours."""
    pairs = [windows[i:i + 2] for i in range(0, len(windows), 2)]
    if len(pairs) < WINDOWS_MIN:
        raise ValueError(f"{len(pairs)} windows of either kind, not {WINDOWS_MIN}")
    if any(len(p) != 2 or p[0][0] == p[1][0] for p in pairs):
        raise ValueError("the windows are not interleaved")
    if not all(samples for _, samples in windows):
        raise ValueError("a window without a sample")
    reference = [sorted(samples) for is_reference, samples in windows if is_reference]
    others = [sorted(samples) for is_reference, samples in windows if not is_reference]
    values = sorted({v for _, samples in windows for v in samples})
    rng = random.Random(seed)
    found = {name: [] for name, _ in FRACTIONS}
    for _ in range(ROUNDS):
        drawn = ratios(rng.choices(reference, k=len(reference)), rng.choices(others, k=len(others)), values)
        for name, ratio in drawn.items():
            found[name].append(ratio)
    intervals = {}
    for name, ratio in ratios(reference, others, values).items():
        found[name].sort()
        intervals[name] = Interval(ratio, percentile(found[name], 0.025), percentile(found[name], 0.975))
    return Unchanged(intervals, max(map(max, others)) / max(max(map(max, reference)), 1))


def report_unchanged(figure, windows):
    verdict = unchanged(windows)
    pooled = {kind: sorted(v for k, samples in windows if k == kind for v in samples) for kind in (True, False)}
    texts = {kind: "/".join(f"{percentile(v, f) / 1000:.1f}" for _, f in FRACTIONS) + f"/{v[-1] / 1000:.1f} us"
             for kind, v in pooled.items()}
    report(figure, texts[False], texts[True], str(verdict), "unchanged", verdict.passes)


# --- the summary -------------------------------------------------------------------------------------


def main(path):
    with open(path) as f:
        rows = [json.loads(line) for line in f]
    print("\n== summary: verdict, figure, ratio (bar)")
    for row in rows:
        print(f"{row['verdict']:5}  {row['figure']:58}  {row['ratio']}  ({row['bar']})")
    short = sum(row["verdict"] == "SHORT" for row in rows)
    print(f"{sum(row['verdict'] == 'pass' for row in rows)} pass, {short} short")


if __name__ == "__main__":
    main(sys.argv[1])
