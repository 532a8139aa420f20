# Plug-ins are build/plugins/NAME.so, graphs are installed in share/takt/examples/NAME, and their sources
# with them: they are there to be copied.
plugins_PROGRAMS += plugins/hello.so plugins/hello_cpp.so plugins/gnss.so plugins/caterpillar.so
plugins_PROGRAMS += plugins/quad.so plugins/quad_world.so
plugins_PROGRAMS += plugins/imu.so

plugins_hello_so_SOURCES = %D%/hello/hello.c
plugins_hello_so_CPPFLAGS = $(plugin_CPPFLAGS)
plugins_hello_so_CFLAGS = $(plugin_CFLAGS)
plugins_hello_so_LINK = $(plugin_LINK)
plugins_hello_so_LDADD =

plugins_hello_cpp_so_SOURCES = %D%/hello/hello_cpp.cc
plugins_hello_cpp_so_CPPFLAGS = $(plugin_CPPFLAGS)
plugins_hello_cpp_so_CXXFLAGS = $(plugin_CXXFLAGS)
plugins_hello_cpp_so_LINK = $(plugin_CXXLINK)
plugins_hello_cpp_so_LDADD =

plugins_gnss_so_SOURCES = \
	%D%/gnss/plugin.c %D%/gnss/source.c %D%/gnss/track.c \
	%D%/gnss/nmea.c %D%/gnss/nmea.h %D%/gnss/feed.c %D%/gnss/feed.h %D%/gnss/gnss.h
plugins_gnss_so_CPPFLAGS = $(plugin_CPPFLAGS)
plugins_gnss_so_CFLAGS = $(plugin_CFLAGS)
plugins_gnss_so_LINK = $(plugin_LINK)
plugins_gnss_so_LDADD = -lm

plugins_caterpillar_so_SOURCES = %D%/caterpillar/caterpillar.c
plugins_caterpillar_so_CPPFLAGS = $(plugin_CPPFLAGS)
plugins_caterpillar_so_CFLAGS = $(plugin_CFLAGS)
plugins_caterpillar_so_LINK = $(plugin_LINK)
plugins_caterpillar_so_LDADD =

# No fused multiply-add, which one compiler takes and the other does not: the same flight from both.
quad_CFLAGS = $(plugin_CFLAGS) -ffp-contract=off
quad_headers = \
	%D%/quad/types.h %D%/quad/vector.h %D%/quad/wind.h %D%/quad/airframe.h %D%/quad/sensor_noise.h \
	%D%/quad/atmosphere.h %D%/quad/attitude_filter.h %D%/quad/position_filter.h %D%/quad/control.h \
	%D%/quad/mixer.h %D%/quad/rotors.h %D%/quad/elapsed.h
plugins_quad_so_SOURCES = \
	%D%/quad/plugin.c %D%/quad/attitude_estimator.c %D%/quad/attitude_filter.c \
	%D%/quad/position_estimator.c %D%/quad/position_filter.c %D%/quad/supervisor.c \
	%D%/quad/position_control.c %D%/quad/velocity_control.c %D%/quad/attitude_control.c \
	%D%/quad/rate_control.c %D%/quad/mixer.c %D%/quad/esc.c %D%/quad/show.c
plugins_quad_so_CPPFLAGS = $(plugin_CPPFLAGS)
plugins_quad_so_CFLAGS = $(quad_CFLAGS)
plugins_quad_so_LINK = $(plugin_LINK)
plugins_quad_so_LDADD = -lm
plugins_quad_world_so_SOURCES = \
	%D%/quad/world_plugin.c %D%/quad/wind.c %D%/quad/airframe.c %D%/quad/imu.c %D%/quad/magnetometer.c \
	%D%/quad/barometer.c %D%/quad/gnss.c %D%/quad/battery.c
plugins_quad_world_so_CPPFLAGS = $(plugin_CPPFLAGS)
plugins_quad_world_so_CFLAGS = $(quad_CFLAGS)
plugins_quad_world_so_LINK = $(plugin_LINK)
plugins_quad_world_so_LDADD = -lm
plugins_imu_so_SOURCES = \
	%D%/imu/plugin.c %D%/imu/attitude.c %D%/imu/show.c %D%/imu/imu.h %D%/imu/mahony.c %D%/imu/mahony.h
plugins_imu_so_CPPFLAGS = $(plugin_CPPFLAGS)
plugins_imu_so_CFLAGS = $(plugin_CFLAGS)
plugins_imu_so_LINK = $(plugin_LINK)
plugins_imu_so_LDADD = -lm

examples_hellodir = $(examplesdir)/hello
dist_examples_hello_DATA = \
	%D%/hello/hello.yaml %D%/hello/hello_cpp.yaml %D%/hello/hello.c %D%/hello/hello_cpp.cc

examples_gnssdir = $(examplesdir)/gnss
dist_examples_gnss_DATA = \
	%D%/gnss/gnss.yaml %D%/gnss/gnss_cold_start.yaml \
	%D%/gnss/gnss-trimble-rtk.nmea %D%/gnss/gnss-telit-he910.nmea $(plugins_gnss_so_SOURCES)

examples_caterpillardir = $(examplesdir)/caterpillar
dist_examples_caterpillar_DATA = \
	%D%/caterpillar/w1.yaml %D%/caterpillar/w2.yaml %D%/caterpillar/w2_1khz.yaml \
	%D%/caterpillar/caterpillar.c

examples_quaddir = $(examplesdir)/quad
dist_examples_quad_DATA = \
	%D%/quad/quad.yaml $(quad_headers) $(plugins_quad_so_SOURCES) $(plugins_quad_world_so_SOURCES)
examples_imudir = $(examplesdir)/imu
dist_examples_imu_DATA = %D%/imu/imu.yaml $(plugins_imu_so_SOURCES)
