# The programs, at the top of the build directory: takt (bindir), takt-rt and taktd (libexecdir/takt).
# takt finds the other two beside its own executable first (/proc/self/exe), then in TAKT_LIBEXECDIR;
# plug-ins likewise: plugins/ beside the executable, then TAKT_PLUGINDIR.
taktlibexec_PROGRAMS += takt-rt
takt_rt_SOURCES = %D%/takt_rt.c
takt_rt_CPPFLAGS = $(AM_CPPFLAGS) $(dirs_CPPFLAGS)
takt_rt_LDADD = $(log_libs) $(rt_libs)

taktlibexec_PROGRAMS += taktd
taktd_SOURCES = %D%/taktd.c \
	%D%/taktd_runs.c %D%/taktd_runs.h \
	%D%/taktd_service.c %D%/taktd_service.h
taktd_LDADD = libwrite.la $(base_libs)
