# Empty until the first source; add one as  %D%/msg.c %D%/msg.h  below.
noinst_LTLIBRARIES += libmsg.la
libmsg_la_LIBADD = $(CBOR_LIBS)
libmsg_la_CFLAGS = $(AM_CFLAGS) $(CBOR_CFLAGS)
libmsg_la_SOURCES =
