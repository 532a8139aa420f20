# Plug-ins are build/plugins/NAME.so, graphs are installed in share/takt/examples/NAME, and their sources
# with them: they are there to be copied.
plugins_PROGRAMS += plugins/hello.so plugins/hello_cpp.so plugins/gnss.so plugins/caterpillar.so

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
