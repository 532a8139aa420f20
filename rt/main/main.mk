# The programs, at the top of the build directory: takt (bindir), takt-rt and taktd (libexecdir/takt).
# takt finds the other two beside its own executable first (/proc/self/exe), then in TAKT_LIBEXECDIR;
# plug-ins likewise: plugins/ beside the executable, then TAKT_PLUGINDIR. For example:
#   bin_PROGRAMS += takt
#   takt_SOURCES = %D%/takt.c
#   takt_CPPFLAGS = $(AM_CPPFLAGS) $(dirs_CPPFLAGS)
#   takt_LDADD = $(log_libs) $(rt_libs)
#   taktlibexec_PROGRAMS += takt-rt taktd
#   takt_rt_SOURCES = %D%/takt-rt.c
