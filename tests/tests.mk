# Every test prints TAP. A program runs bare, a script is .sh (bash) or .py; a script test is one line:
#   script_tests += tests/e2e/hello.sh
# A whole test is skipped by exit status 77, or by printing "1..0 # SKIP why". Tests see top_srcdir,
# top_builddir, CC, CXX, PYTHON3, sanitizer and test_points ("no" when off); top_srcdir may be read-only.
script_tests = \
	%D%/doubles.sh %D%/headers.sh %D%/hot.sh %D%/listed.sh \
	%D%/includes.py \
	%D%/readme_task.sh \
	%D%/sdk_compile.sh \
	%D%/wrapper.sh

# Programs and scripts of TESTS that .ci/run also runs under ThreadSanitizer.
TSAN_TESTS =

include %D%/unit/unit.mk
include %D%/e2e/e2e.mk
include %D%/bench/bench.mk
include %D%/fuzz/fuzz.mk
include %D%/golden/golden.mk

TESTS += $(script_tests)
EXTRA_DIST += $(script_tests) %D%/cmocka-tap.sh %D%/summary.awk %D%/skips.awk %D%/skips.allow %D%/readme.awk

TEST_EXTENSIONS = .sh .py
tap_driver = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
tap_wrapper = $(BASH) $(top_srcdir)/%D%/cmocka-tap.sh
LOG_DRIVER = $(tap_driver)
LOG_COMPILER = $(tap_wrapper)
SH_LOG_DRIVER = $(tap_driver)
SH_LOG_COMPILER = $(tap_wrapper) $(BASH)
PY_LOG_DRIVER = $(tap_driver)
PY_LOG_COMPILER = $(tap_wrapper) $(PYTHON3)

# cmocka catches SIGSEGV, which would hide the sanitizer's report.
AM_TESTS_ENVIRONMENT = \
	CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	ASAN_OPTIONS=allow_user_segv_handler=0:detect_stack_use_after_return=1; export ASAN_OPTIONS; \
	UBSAN_OPTIONS=print_stacktrace=1; export UBSAN_OPTIONS; \
	TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1; export TSAN_OPTIONS; \
	PYTHONDONTWRITEBYTECODE=1; export PYTHONDONTWRITEBYTECODE; \
	top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
	top_builddir='$(abs_top_builddir)'; export top_builddir; \
	CC='$(CC)'; export CC; CXX='$(CXX)'; export CXX; PYTHON3='$(PYTHON3)'; export PYTHON3; \
	sanitizer='$(sanitizer)'; export sanitizer; test_points='$(test_points)'; export test_points;
