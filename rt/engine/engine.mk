noinst_LTLIBRARIES += libengine.la
libengine_la_LIBADD = $(URING_LIBS)
libengine_la_CFLAGS = $(AM_CFLAGS) $(URING_CFLAGS)
libengine_la_SOURCES = \
	%D%/build.c \
	%D%/catalog.c %D%/catalog.h \
	%D%/draft.c %D%/draft.h \
	%D%/engine.c %D%/engine.h \
	%D%/events.c %D%/events.h \
	%D%/fatal.c %D%/fatal.h \
	%D%/fork.c %D%/fork.h \
	%D%/host.c \
	%D%/interrupt.c %D%/interrupt.h \
	%D%/lane.c %D%/pace.c %D%/pace.h %D%/take.c \
	%D%/post.c %D%/post.h %D%/post_init.c \
	%D%/replay.c %D%/replay.h \
	%D%/seed.c %D%/seed.h \
	%D%/settle.c %D%/settle.h \
	%D%/setup.c %D%/setup.h \
	%D%/python.c %D%/python.h %D%/python_call.c \
	%D%/text_limit.c %D%/text_limit.h \
	%D%/unit.h %D%/unit_text.c %D%/unit_text.h %D%/unit_text_setup.c \
	%D%/virtual.c %D%/virtual.h \
	%D%/watch.c %D%/watch.h \
	%D%/worker.c %D%/worker.h %D%/worker_host.c %D%/worker_sink.c
