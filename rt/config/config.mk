noinst_LTLIBRARIES += libconfig.la
libconfig_la_LIBADD = $(YAML_LIBS)
libconfig_la_CFLAGS = $(AM_CFLAGS) $(YAML_CFLAGS)
libconfig_la_SOURCES = \
	%D%/config.c %D%/config.h \
	%D%/connection.c %D%/connection.h \
	%D%/keys.c %D%/keys.def %D%/keys.h \
	%D%/nearest.c %D%/nearest.h \
	%D%/node.c \
	%D%/scalar.c %D%/scalar.h \
	%D%/tree.c %D%/tree.h \
	%D%/type_words.c %D%/type_words.h \
	%D%/types.c %D%/types.h
