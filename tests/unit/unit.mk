# A unit test is two lines; its source is tests/unit/NAME_test.c. Linked against all of our libraries.
unit_tests =
unit_libs = libpyhost.la $(log_libs) $(rt_libs) $(CMOCKA_LIBS)
EXTRA_DIST += %D%/unit.h

unit_tests += %D%/version_test
tests_unit_version_test_LDADD = $(unit_libs)
TSAN_TESTS += %D%/version_test

unit_tests += %D%/stream_test
tests_unit_stream_test_LDADD = $(unit_libs)
TSAN_TESTS += %D%/stream_test

unit_tests += %D%/region_test
tests_unit_region_test_LDADD = $(unit_libs)

unit_tests += %D%/pyslot_test
tests_unit_pyslot_test_LDADD = $(unit_libs)

unit_tests += %D%/python_description_test
tests_unit_python_description_test_LDADD = $(unit_libs)

unit_tests += %D%/frame_test
tests_unit_frame_test_LDADD = $(unit_libs)

unit_tests += %D%/base_test
tests_unit_base_test_LDADD = $(unit_libs)

unit_tests += %D%/random_test
tests_unit_random_test_LDADD = $(unit_libs) -lm

unit_tests += %D%/quantity_test
tests_unit_quantity_test_LDADD = $(unit_libs)

unit_tests += %D%/catalog_test
tests_unit_catalog_test_LDADD = $(unit_libs)

unit_tests += %D%/value_test
tests_unit_value_test_LDADD = $(unit_libs)

unit_tests += %D%/layout_test
tests_unit_layout_test_LDADD = $(unit_libs)

unit_tests += %D%/crc32c_test
tests_unit_crc32c_test_LDADD = $(unit_libs)

unit_tests += %D%/sdk_test
tests_unit_sdk_test_SOURCES = %D%/sdk_test.c %D%/sdk_rich.h %D%/sdk_body.inc
tests_unit_sdk_test_CPPFLAGS = $(plugin_CPPFLAGS) -I$(top_srcdir)
tests_unit_sdk_test_CFLAGS = $(AM_CFLAGS) -std=c11
tests_unit_sdk_test_LDADD = $(CMOCKA_LIBS)

unit_tests += %D%/sdk_cpp_test
tests_unit_sdk_cpp_test_SOURCES = %D%/sdk_cpp_test.cc %D%/sdk_rich.h %D%/sdk_body.inc
tests_unit_sdk_cpp_test_CPPFLAGS = $(plugin_CPPFLAGS) -I$(top_srcdir)
tests_unit_sdk_cpp_test_LDADD = $(CMOCKA_LIBS)

unit_tests += %D%/events_test
tests_unit_events_test_LDADD = $(unit_libs)

unit_tests += %D%/post_test
tests_unit_post_test_LDADD = $(unit_libs)
TSAN_TESTS += %D%/post_test

unit_tests += %D%/text_limit_test
tests_unit_text_limit_test_LDADD = $(unit_libs)

unit_tests += %D%/text_site_test
tests_unit_text_site_test_LDADD = $(unit_libs)

unit_tests += %D%/csv_test
tests_unit_csv_test_SOURCES = %D%/csv_test.c $(csv_files) rt/io/csv_header.c rt/io/csv_header.h
tests_unit_csv_test_LDADD = $(CMOCKA_LIBS) -lm

unit_tests += %D%/nmea_test
tests_unit_nmea_test_SOURCES = %D%/nmea_test.c rt/examples/gnss/nmea.c
tests_unit_nmea_test_LDADD = $(CMOCKA_LIBS) -lm

unit_tests += %D%/framing_test
tests_unit_framing_test_SOURCES = %D%/framing_test.c rt/io/framing.c
tests_unit_framing_test_LDADD = $(CMOCKA_LIBS)

unit_tests += %D%/can_frame_test
tests_unit_can_frame_test_SOURCES = %D%/can_frame_test.c rt/io/can_frame.c
tests_unit_can_frame_test_LDADD = $(CMOCKA_LIBS)

unit_tests += %D%/gnss_test
tests_unit_gnss_test_SOURCES = \
	%D%/gnss_test.c \
	rt/examples/gnss/nmea.c rt/examples/gnss/feed.c rt/examples/gnss/source.c rt/examples/gnss/track.c
tests_unit_gnss_test_LDADD = $(CMOCKA_LIBS) -lm

unit_tests += %D%/quad_test
tests_unit_quad_test_SOURCES = \
	%D%/quad_test.c \
	rt/examples/quad/wind.c rt/examples/quad/airframe.c rt/examples/quad/attitude_filter.c \
	rt/examples/quad/position_filter.c rt/examples/quad/position_control.c \
	rt/examples/quad/velocity_control.c rt/examples/quad/attitude_control.c \
	rt/examples/quad/rate_control.c rt/examples/quad/mixer.c
tests_unit_quad_test_LDADD = $(CMOCKA_LIBS) -lm

# The reader. What it is tested against is made by log_maker.c, byte by byte.
log_maker = %D%/log_maker.c %D%/log_maker.h %D%/log_check.c %D%/log_check.h

unit_tests += %D%/read_damage_test
tests_unit_read_damage_test_SOURCES = %D%/read_damage_test.c $(log_maker)
tests_unit_read_damage_test_LDADD = $(unit_libs)

unit_tests += %D%/read_cursor_test
tests_unit_read_cursor_test_SOURCES = %D%/read_cursor_test.c $(log_maker)
tests_unit_read_cursor_test_LDADD = $(unit_libs)

unit_tests += %D%/read_index_test
tests_unit_read_index_test_SOURCES = %D%/read_index_test.c %D%/big_log.c %D%/big_log.h $(log_maker)
tests_unit_read_index_test_LDADD = $(unit_libs)

unit_tests += %D%/read_stats_test
tests_unit_read_stats_test_SOURCES = %D%/read_stats_test.c $(log_maker)
tests_unit_read_stats_test_LDADD = $(unit_libs)

unit_tests += %D%/read_run_test
tests_unit_read_run_test_SOURCES = %D%/read_run_test.c $(log_maker)
tests_unit_read_run_test_LDADD = $(unit_libs)

unit_tests += %D%/read_live_test
tests_unit_read_live_test_SOURCES = %D%/read_live_test.c $(log_maker)
tests_unit_read_live_test_LDADD = $(unit_libs)

unit_tests += %D%/read_mutation_test
tests_unit_read_mutation_test_SOURCES = %D%/read_mutation_test.c $(log_maker)
tests_unit_read_mutation_test_LDADD = $(unit_libs)

unit_tests += %D%/read_recorded_test
tests_unit_read_recorded_test_SOURCES = %D%/read_recorded_test.c $(log_maker)
tests_unit_read_recorded_test_LDADD = $(unit_libs)
TSAN_TESTS += %D%/read_recorded_test

unit_tests += %D%/read_format_test
tests_unit_read_format_test_LDADD = $(unit_libs)

unit_tests += %D%/config_test
tests_unit_config_test_LDADD = $(unit_libs)
EXTRA_DIST += %D%/config_errors.def

# Plug-ins to load, right and wrong ones, beside the test.
unit_tests += %D%/graph_test
tests_unit_graph_test_CPPFLAGS = $(AM_CPPFLAGS) $(dirs_CPPFLAGS)
tests_unit_graph_test_LDADD = $(unit_libs)
EXTRA_DIST += %D%/graph_errors.def
check_PROGRAMS += \
	%D%/plugin_good.so %D%/plugin_open.so \
	%D%/plugin_other1.so %D%/plugin_other2.so %D%/plugin_other3.so \
	%D%/plugin_bad1.so %D%/plugin_bad2.so %D%/plugin_bad3.so
tests_unit_plugin_good_so_SOURCES = %D%/plugin_good.c
tests_unit_plugin_good_so_CPPFLAGS = $(plugin_CPPFLAGS)
tests_unit_plugin_good_so_CFLAGS = $(plugin_CFLAGS)
tests_unit_plugin_good_so_LINK = $(plugin_LINK)
tests_unit_plugin_open_so_SOURCES = %D%/plugin_open.c
tests_unit_plugin_open_so_CPPFLAGS = $(plugin_CPPFLAGS)
tests_unit_plugin_open_so_CFLAGS = $(plugin_CFLAGS)
tests_unit_plugin_open_so_LINK = $(plugin_LINK)
tests_unit_plugin_other1_so_SOURCES = %D%/plugin_other.c
tests_unit_plugin_other1_so_CPPFLAGS = $(plugin_CPPFLAGS) -DVARIANT=1
tests_unit_plugin_other1_so_CFLAGS = $(plugin_CFLAGS)
tests_unit_plugin_other1_so_LINK = $(plugin_LINK)
tests_unit_plugin_other2_so_SOURCES = %D%/plugin_other.c
tests_unit_plugin_other2_so_CPPFLAGS = $(plugin_CPPFLAGS) -DVARIANT=2
tests_unit_plugin_other2_so_CFLAGS = $(plugin_CFLAGS)
tests_unit_plugin_other2_so_LINK = $(plugin_LINK)
tests_unit_plugin_other3_so_SOURCES = %D%/plugin_other.c
tests_unit_plugin_other3_so_CPPFLAGS = $(plugin_CPPFLAGS) -DVARIANT=3
tests_unit_plugin_other3_so_CFLAGS = $(plugin_CFLAGS)
tests_unit_plugin_other3_so_LINK = $(plugin_LINK)
tests_unit_plugin_bad1_so_SOURCES = %D%/plugin_bad.c
tests_unit_plugin_bad1_so_CPPFLAGS = $(plugin_CPPFLAGS) -DVARIANT=1
tests_unit_plugin_bad1_so_CFLAGS = $(plugin_CFLAGS)
tests_unit_plugin_bad1_so_LINK = $(plugin_LINK)
tests_unit_plugin_bad2_so_SOURCES = %D%/plugin_bad.c
tests_unit_plugin_bad2_so_CPPFLAGS = $(plugin_CPPFLAGS) -DVARIANT=2
tests_unit_plugin_bad2_so_CFLAGS = $(plugin_CFLAGS)
tests_unit_plugin_bad2_so_LINK = $(plugin_LINK)
tests_unit_plugin_bad3_so_SOURCES = %D%/plugin_bad.c
tests_unit_plugin_bad3_so_CPPFLAGS = $(plugin_CPPFLAGS) -DVARIANT=3
tests_unit_plugin_bad3_so_CFLAGS = $(plugin_CFLAGS)
tests_unit_plugin_bad3_so_LINK = $(plugin_LINK)

write_kit = %D%/write_kit.c %D%/write_kit.h
unit_tests += %D%/write_record_test
tests_unit_write_record_test_SOURCES = %D%/write_record_test.c $(write_kit)
tests_unit_write_record_test_LDADD = $(unit_libs)
TSAN_TESTS += %D%/write_record_test

unit_tests += %D%/write_index_test
tests_unit_write_index_test_SOURCES = %D%/write_index_test.c $(write_kit)
tests_unit_write_index_test_LDADD = $(unit_libs)

unit_tests += %D%/write_intake_test
tests_unit_write_intake_test_SOURCES = %D%/write_intake_test.c $(write_kit)
tests_unit_write_intake_test_LDADD = $(unit_libs)

unit_tests += %D%/write_rundir_test
tests_unit_write_rundir_test_LDADD = $(unit_libs)

unit_tests += %D%/write_carry_test
tests_unit_write_carry_test_SOURCES = %D%/write_carry_test.c $(log_maker)
tests_unit_write_carry_test_LDADD = $(unit_libs)

unit_tests += %D%/write_retention_test
tests_unit_write_retention_test_LDADD = $(unit_libs)

unit_tests += %D%/write_backend_test
tests_unit_write_backend_test_SOURCES = %D%/write_backend_test.c $(write_kit)
tests_unit_write_backend_test_LDADD = $(unit_libs)

unit_tests += %D%/write_quiet_test
tests_unit_write_quiet_test_SOURCES = %D%/write_quiet_test.c $(write_kit)
tests_unit_write_quiet_test_LDADD = $(unit_libs)

unit_tests += %D%/write_fault_test
tests_unit_write_fault_test_SOURCES = %D%/write_fault_test.c \
	%D%/write_faulty.c %D%/write_faulty.h $(write_kit)
tests_unit_write_fault_test_LDADD = $(unit_libs)

unit_tests += %D%/stats_test
tests_unit_stats_test_SOURCES = %D%/stats_test.c $(log_maker)
tests_unit_stats_test_LDADD = $(unit_libs)

unit_tests += %D%/progress_test
tests_unit_progress_test_SOURCES = %D%/progress_test.c rt/main/progress.c
tests_unit_progress_test_LDADD = $(unit_libs)
# Power cuts, in memory. `write_crash_test 100000` looks at that many states; without a number at a few.
unit_tests += %D%/write_crash_test
tests_unit_write_crash_test_SOURCES = %D%/write_crash_test.c \
	%D%/write_crash.c %D%/write_crash.h %D%/write_oplog.c %D%/write_oplog.h \
	%D%/write_faulty.c %D%/write_faulty.h $(write_kit)
tests_unit_write_crash_test_LDADD = $(unit_libs)
tests_unit_write_crash_test_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=mkdir,--wrap=mkdirat,--wrap=renameat2,--wrap=renameat,--wrap=unlinkat \
	-Wl,--wrap=fallocate,--wrap=ftruncate,--wrap=pwrite,--wrap=fsync,--wrap=fdatasync

if HAVE_CMOCKA
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
else
check-local:
	@echo 'The unit tests need cmocka: install libcmocka-dev and configure again.' >&2; exit 1
endif

unit_tests += %D%/python_budget_test
tests_unit_python_budget_test_LDADD = $(unit_libs)
