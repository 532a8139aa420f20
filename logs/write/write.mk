# Empty until the first source; add one as  %D%/writer.c %D%/writer.h  below.
noinst_LTLIBRARIES += libwrite.la
libwrite_la_LIBADD = $(URING_LIBS)
libwrite_la_CFLAGS = $(AM_CFLAGS) $(URING_CFLAGS)
libwrite_la_SOURCES =
