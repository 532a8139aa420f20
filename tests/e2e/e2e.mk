# Whole programs, as a user runs them. One test a line, so that two branches that add one each merge.
script_tests += %D%/caterpillar.py
script_tests += %D%/disk.py
script_tests += %D%/faults.py
script_tests += %D%/follow.py
script_tests += %D%/gnss.py
script_tests += %D%/hello.sh
script_tests += %D%/hostile.py
script_tests += %D%/imu.py
script_tests += %D%/io_can.py
script_tests += %D%/io_csv.py
script_tests += %D%/io_evdev.py
script_tests += %D%/io_serial.py
script_tests += %D%/io_udp.py
script_tests += %D%/kill.py
script_tests += %D%/kill_points.py
script_tests += %D%/lane.py
script_tests += %D%/log_cli.py
script_tests += %D%/log_fsck.py
script_tests += %D%/log_recover.py
script_tests += %D%/log_stats.py
script_tests += %D%/new.py
script_tests += %D%/plots.py
script_tests += %D%/plugin_cli.py
script_tests += %D%/quad.py
script_tests += %D%/run.py
script_tests += %D%/status.py
script_tests += %D%/storage.py
script_tests += %D%/taktd.py
script_tests += %D%/text.py
script_tests += %D%/top.py
script_tests += %D%/virtual.py
script_tests += %D%/wiring.py

EXTRA_DIST += %D%/harness.py %D%/io_kit.py

noinst_PROGRAMS += plugins/test_faults.so
plugins_test_faults_so_SOURCES = %D%/plugins/faults.c
plugins_test_faults_so_CPPFLAGS = $(plugin_CPPFLAGS) -D_GNU_SOURCE
plugins_test_faults_so_CFLAGS = $(plugin_CFLAGS)
plugins_test_faults_so_LINK = $(plugin_LINK)

noinst_PROGRAMS += plugins/test_shapes.so
plugins_test_shapes_so_SOURCES = %D%/plugins/shapes.c
plugins_test_shapes_so_CPPFLAGS = $(plugin_CPPFLAGS) -D_GNU_SOURCE
plugins_test_shapes_so_CFLAGS = $(plugin_CFLAGS)
plugins_test_shapes_so_LINK = $(plugin_LINK)

noinst_PROGRAMS += plugins/test_hostile.so
plugins_test_hostile_so_SOURCES = %D%/plugins/hostile.c
plugins_test_hostile_so_CPPFLAGS = $(plugin_CPPFLAGS) -D_GNU_SOURCE
plugins_test_hostile_so_CFLAGS = $(plugin_CFLAGS)
plugins_test_hostile_so_LINK = $(plugin_LINK)

noinst_PROGRAMS += plugins/test_texts.so
plugins_test_texts_so_SOURCES = %D%/plugins/texts.c
plugins_test_texts_so_CPPFLAGS = $(plugin_CPPFLAGS) -D_GNU_SOURCE
plugins_test_texts_so_CFLAGS = $(plugin_CFLAGS)
plugins_test_texts_so_LINK = $(plugin_LINK)

noinst_PROGRAMS += plugins/test_virtual.so plugins/test_virtual_other.so
plugins_test_virtual_so_SOURCES = %D%/plugins/virtual.c
plugins_test_virtual_so_CPPFLAGS = $(plugin_CPPFLAGS)
plugins_test_virtual_so_CFLAGS = $(plugin_CFLAGS)
plugins_test_virtual_so_LINK = $(plugin_LINK)
plugins_test_virtual_so_LDADD = -lm
plugins_test_virtual_other_so_SOURCES = %D%/plugins/virtual.c
plugins_test_virtual_other_so_CPPFLAGS = $(plugin_CPPFLAGS) -DOTHER_TYPE
plugins_test_virtual_other_so_CFLAGS = $(plugin_CFLAGS)
plugins_test_virtual_other_so_LINK = $(plugin_LINK)
plugins_test_virtual_other_so_LDADD = -lm
script_tests += %D%/recorded_config.py
script_tests += %D%/python_lane.py
check_PROGRAMS += %D%/fake_python
tests_e2e_fake_python_SOURCES = %D%/fake_python.c
tests_e2e_fake_python_LDADD = $(base_libs)

check_PROGRAMS += %D%/logdump
tests_e2e_logdump_SOURCES = %D%/logdump.c
tests_e2e_logdump_LDADD = $(log_libs) $(base_libs)

check_PROGRAMS += %D%/make_log
tests_e2e_make_log_SOURCES = %D%/make_log.c tests/unit/log_maker.c tests/unit/log_maker.h
tests_e2e_make_log_LDADD = $(log_libs) $(base_libs)

check_PROGRAMS += %D%/quad_flight
tests_e2e_quad_flight_SOURCES = %D%/quad_flight.c
tests_e2e_quad_flight_LDADD = $(log_libs) $(base_libs) -lm
script_tests += %D%/python.py
