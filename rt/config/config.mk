# Empty until the first source; add one as  %D%/config.c %D%/config.h  below.
noinst_LTLIBRARIES += libconfig.la
libconfig_la_LIBADD = $(YAML_LIBS)
libconfig_la_CFLAGS = $(AM_CFLAGS) $(YAML_CFLAGS)
libconfig_la_SOURCES =
