# The writer; the only place that knows liburing.
noinst_LTLIBRARIES += libwrite.la
libwrite_la_LIBADD = $(URING_LIBS)
libwrite_la_CFLAGS = $(AM_CFLAGS) $(URING_CFLAGS)
libwrite_la_SOURCES = \
	%D%/backend.c %D%/backend.h \
	%D%/backend_pwrite.c \
	%D%/backend_uring.c \
	%D%/carry.c %D%/carry.h \
	%D%/cut.c %D%/cut.h \
	%D%/index.c %D%/index.h \
	%D%/intake.c %D%/intake.h \
	%D%/journal.c %D%/journal.h \
	%D%/last_record.c %D%/last_record.h \
	%D%/recorder.c %D%/recorder.h %D%/recorder_inner.h \
	%D%/recorder_io.c %D%/recorder_step.c \
	%D%/recorder_say.c \
	%D%/repair.c %D%/repair.h \
	%D%/retention.c %D%/retention.h \
	%D%/rundir.c %D%/rundir.h \
	%D%/segment.c %D%/segment.h \
	%D%/segment_files.c %D%/segment_files.h \
	%D%/writer.c %D%/writer.h
