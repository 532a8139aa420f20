# Logs of every format version, read for ever. See golden_test.c for how one is made.
check_PROGRAMS += %D%/golden_test
tests_golden_golden_test_SOURCES = %D%/golden_test.c tests/unit/big_log.c tests/unit/big_log.h $(log_maker)
tests_golden_golden_test_LDADD = $(unit_libs)
TESTS += %D%/golden_test
script_tests += %D%/public.sh
EXTRA_DIST += \
	%D%/format-1/0001.takt \
	%D%/format-1/0002.takt \
	%D%/format-1/expected.txt \
	%D%/format-1-index/0001.takt \
	%D%/format-1-index/0002.takt \
	%D%/format-1-index/expected.txt
