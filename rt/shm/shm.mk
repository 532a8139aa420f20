noinst_LTLIBRARIES += libshm.la
libshm_la_SOURCES = \
	%D%/carried.h %D%/chunk.h %D%/ending.def %D%/lifecycle.def %D%/mailbox.h %D%/record.h \
	%D%/region.c %D%/region.h %D%/region_attach.c %D%/region_lock.h \
	%D%/region_guard.c %D%/region_guard.h \
	%D%/pyslot.c %D%/pyslot.h %D%/pyslot_call.c %D%/pyslot_file.h \
	%D%/stream.c %D%/stream.h %D%/stream_init.c %D%/stream_resume.c
