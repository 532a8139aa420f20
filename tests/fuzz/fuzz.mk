# A fuzzer of a byte parser is one file with LLVMFuzzerTestOneInput. Configured with --enable-fuzzing
# (CC=clang) it hunts; else replay.c feeds it its corpus and mutations of that, in every make check.
#   fuzzers += %D%/segment_fuzz
#   tests_fuzz_segment_fuzz_SOURCES = %D%/segment_fuzz.c $(fuzz_main)
#   tests_fuzz_segment_fuzz_LDADD = $(log_libs) $(rt_libs)
#   tests_fuzz_segment_fuzz_LDFLAGS = $(fuzz_link)
#   EXTRA_DIST += %D%/corpus/segment_fuzz/valid.takt
fuzzers =
EXTRA_DIST += %D%/replay.c

fuzzers += %D%/nmea_fuzz
tests_fuzz_nmea_fuzz_SOURCES = %D%/nmea_fuzz.c rt/examples/gnss/nmea.c $(fuzz_main)
tests_fuzz_nmea_fuzz_LDADD = -lm
tests_fuzz_nmea_fuzz_LDFLAGS = $(fuzz_link)
EXTRA_DIST += \
	%D%/corpus/nmea_fuzz/edges.nmea \
	%D%/corpus/nmea_fuzz/telit.nmea \
	%D%/corpus/nmea_fuzz/trimble.nmea

fuzzers += %D%/csv_fuzz
tests_fuzz_csv_fuzz_SOURCES = %D%/csv_fuzz.c $(csv_files) rt/io/csv_header.c $(fuzz_main)
tests_fuzz_csv_fuzz_LDADD = -lm
tests_fuzz_csv_fuzz_LDFLAGS = $(fuzz_link)
EXTRA_DIST += %D%/corpus/csv_fuzz/numbers.csv %D%/corpus/csv_fuzz/quotes.csv

fuzzers += %D%/config_fuzz
tests_fuzz_config_fuzz_SOURCES = %D%/config_fuzz.c $(fuzz_main)
tests_fuzz_config_fuzz_LDADD = $(log_libs) $(rt_libs)
tests_fuzz_config_fuzz_LDFLAGS = $(fuzz_link)
EXTRA_DIST += \
	%D%/corpus/config_fuzz/anchors.yaml \
	%D%/corpus/config_fuzz/valid.yaml

fuzzers += %D%/segment_fuzz
tests_fuzz_segment_fuzz_SOURCES = %D%/segment_fuzz.c $(log_maker) $(fuzz_main)
tests_fuzz_segment_fuzz_LDADD = $(log_libs) $(rt_libs)
tests_fuzz_segment_fuzz_LDFLAGS = $(fuzz_link)
EXTRA_DIST += \
	%D%/corpus/segment_fuzz/closed.takt \
	%D%/corpus/segment_fuzz/cut.takt \
	%D%/corpus/segment_fuzz/open.takt

fuzzers += %D%/catalog_fuzz
tests_fuzz_catalog_fuzz_SOURCES = %D%/catalog_fuzz.c $(fuzz_main)
tests_fuzz_catalog_fuzz_LDADD = $(log_libs) $(rt_libs)
tests_fuzz_catalog_fuzz_LDFLAGS = $(fuzz_link)
EXTRA_DIST += \
	%D%/corpus/catalog_fuzz/edges.cbor \
	%D%/corpus/catalog_fuzz/gnss.cbor \
	%D%/corpus/catalog_fuzz/small.cbor

fuzzers += %D%/framing_fuzz
tests_fuzz_framing_fuzz_SOURCES = %D%/framing_fuzz.c rt/io/framing.c $(fuzz_main)
tests_fuzz_framing_fuzz_LDFLAGS = $(fuzz_link)
EXTRA_DIST += \
	%D%/corpus/framing_fuzz/cobs.bin \
	%D%/corpus/framing_fuzz/lines.txt \
	%D%/corpus/framing_fuzz/slip.bin
fuzzers += %D%/frame_fuzz
tests_fuzz_frame_fuzz_SOURCES = %D%/frame_fuzz.c $(fuzz_main)
tests_fuzz_frame_fuzz_LDADD = libpyhost.la $(log_libs) $(rt_libs)
tests_fuzz_frame_fuzz_LDFLAGS = $(fuzz_link)
EXTRA_DIST += \
	%D%/corpus/frame_fuzz/error.bin \
	%D%/corpus/frame_fuzz/result.bin \
	%D%/corpus/frame_fuzz/several.bin

check_PROGRAMS += $(fuzzers)
if FUZZING
fuzz_main =
fuzz_link = $(AM_LDFLAGS) -fsanitize=fuzzer
else
fuzz_main = %D%/replay.c
fuzz_link = $(AM_LDFLAGS)
TESTS += $(fuzzers)
endif
