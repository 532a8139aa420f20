# `make bench` runs these one after another; never part of check. For example:
#   bench_programs += %D%/record_bench
#   tests_bench_record_bench_LDADD = $(log_libs) $(rt_libs)
#   bench_scripts += %D%/disk.sh
bench_programs =
bench_scripts =
bench_programs += %D%/write_bench
tests_bench_write_bench_CFLAGS = $(AM_CFLAGS) $(URING_CFLAGS)
tests_bench_write_bench_LDADD = libwrite.la $(base_libs) $(URING_LIBS)

EXTRA_PROGRAMS += $(bench_programs)
CLEANFILES += $(bench_programs)
EXTRA_DIST += $(bench_scripts)

bench: $(bench_programs) all
	@set -e; $(AM_TESTS_ENVIRONMENT) \
	set -- $(bench_programs:%=./%) $(bench_scripts:%=$(srcdir)/%); \
	if test $$# -eq 0; then echo 'bench: nothing to measure yet'; fi; \
	for b do echo "== $$b"; case $$b in *.sh) $(BASH) "$$b";; *.py) $(PYTHON3) "$$b";; *) "$$b";; esac; done
