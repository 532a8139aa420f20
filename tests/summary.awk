# awk -f summary.awk FILE.trs...: one line that sums the results of make check.
# FAIL and ERROR (no plan, bad exit, a crash) are failures, and so is an expected failure that passed.
/^:test-result: (PASS|XFAIL)/ { passed++ }
/^:test-result: (FAIL|ERROR|XPASS)/ { failed++ }
/^:test-result: SKIP/ { skipped++ }
END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped }
