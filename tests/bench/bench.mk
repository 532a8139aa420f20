# `make bench` measures, about twenty minutes, and ends with a table; never part of check. One alone:
#   make bench bench_scripts=tests/bench/text.py
# What is measured with, then what measures; every script prints its rows and adds them to the table.
bench_programs = %D%/region_tool %D%/reopen_bench %D%/write_bench plugins/test_bench.so
bench_scripts = \
	%D%/text.py %D%/caterpillar.py %D%/cycle.py %D%/write.py %D%/large.py %D%/idle.py %D%/reopen.py \
	%D%/open_log.py %D%/follow.py %D%/quad.py %D%/devices.py

tests_bench_region_tool_SOURCES = %D%/region_tool.c
tests_bench_region_tool_LDADD = $(base_libs)
tests_bench_reopen_bench_SOURCES = %D%/reopen_bench.c
tests_bench_reopen_bench_LDADD = libread.la $(base_libs)
tests_bench_write_bench_SOURCES = %D%/write_bench.c
tests_bench_write_bench_CFLAGS = $(AM_CFLAGS) $(URING_CFLAGS)
tests_bench_write_bench_LDADD = libwrite.la $(base_libs) $(URING_LIBS)
plugins_test_bench_so_SOURCES = %D%/plugins/bench.c
plugins_test_bench_so_CPPFLAGS = $(plugin_CPPFLAGS) -D_GNU_SOURCE
plugins_test_bench_so_CFLAGS = $(plugin_CFLAGS)
plugins_test_bench_so_LINK = $(plugin_LINK)

if HAVE_SPDLOG
bench_programs += %D%/spdlog_bench
endif
tests_bench_spdlog_bench_SOURCES = %D%/spdlog_bench.cc
tests_bench_spdlog_bench_CXXFLAGS = $(AM_CXXFLAGS) $(SPDLOG_CFLAGS)
tests_bench_spdlog_bench_LDADD = $(SPDLOG_LIBS)

bench_programs += %D%/open_log %D%/follow
tests_bench_open_log_SOURCES = %D%/open_log.c tests/unit/big_log.c tests/unit/big_log.h $(log_maker)
tests_bench_open_log_LDADD = $(log_libs) $(rt_libs)
tests_bench_follow_LDADD = $(log_libs) $(base_libs)

EXTRA_PROGRAMS += $(bench_programs)
CLEANFILES += $(bench_programs) bench.table
script_tests += %D%/judge_test.py
EXTRA_DIST += $(bench_scripts) %D%/judge.py %D%/world.py

bench: $(bench_programs) all
	@set -e; $(AM_TESTS_ENVIRONMENT) TAKT_BENCH_TABLE='$(abs_builddir)/bench.table'; export TAKT_BENCH_TABLE; \
	rm -f "$$TAKT_BENCH_TABLE"; \
	for b in $(bench_scripts); do echo "== $$b"; $(PYTHON3) $(srcdir)/$$b; done; \
	$(PYTHON3) $(srcdir)/%D%/judge.py "$$TAKT_BENCH_TABLE"
