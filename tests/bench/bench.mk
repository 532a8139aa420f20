# `make bench` runs these one after another; never part of check.
bench_programs =
bench_scripts = %D%/cycle.py
bench_programs += %D%/write_bench
tests_bench_write_bench_CFLAGS = $(AM_CFLAGS) $(URING_CFLAGS)
tests_bench_write_bench_LDADD = libwrite.la $(base_libs) $(URING_LIBS)

EXTRA_PROGRAMS += $(bench_programs)
CLEANFILES += $(bench_programs)
EXTRA_DIST += $(bench_scripts)

script_tests += %D%/judge_test.py
bench: $(bench_programs) all
	@set -e; $(AM_TESTS_ENVIRONMENT) \
	set -- $(bench_programs:%=./%) $(bench_scripts:%=$(srcdir)/%); \
	for b do echo "== $$b"; case $$b in *.sh) $(BASH) "$$b";; *.py) $(PYTHON3) "$$b";; *) "$$b";; esac; done
