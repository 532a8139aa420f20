# The programs, at the top of the build directory: takt (bindir), takt-rt and taktd (libexecdir/takt).
# takt finds the other two beside its own executable first (/proc/self/exe), then in ../libexec/takt from there, so
# that an installation can be moved, then in TAKT_LIBEXECDIR; the SDK likewise: include/, ../include, TAKT_INCLUDEDIR;
# Python of the child likewise: python/takt, ../share/takt/python/takt, ../../share/takt/python/takt, TAKT_PYTHONDIR;
# plug-ins likewise: plugins/ beside the executable, then TAKT_PLUGINDIR.
taktlibexec_PROGRAMS += takt-rt
takt_rt_SOURCES = %D%/takt_rt.c %D%/replay_log.c %D%/replay_log.h
takt_rt_CPPFLAGS = $(AM_CPPFLAGS) $(dirs_CPPFLAGS)
takt_rt_LDADD = $(log_libs) $(rt_libs)

taktlibexec_PROGRAMS += taktd
taktd_SOURCES = %D%/taktd.c \
	%D%/sd_journal.c %D%/sd_journal.h \
	%D%/out.c %D%/out.h \
	%D%/request.c %D%/request.h \
	%D%/sibling.c %D%/sibling.h \
	%D%/taktd_journal.c %D%/taktd_journal.h \
	%D%/taktd_python.c %D%/taktd_python.h \
	%D%/taktd_requests.c %D%/taktd_requests.h \
	%D%/taktd_runs.c %D%/taktd_runs.h \
	%D%/taktd_service.c %D%/taktd_service.h \
	%D%/taktd_stats.c %D%/taktd_stats.h
taktd_CPPFLAGS = $(AM_CPPFLAGS) $(dirs_CPPFLAGS)
taktd_LDADD = libpyhost.la libwrite.la $(log_libs) $(base_libs)

bin_PROGRAMS += takt
takt_SOURCES = \
	%D%/bad_option.c %D%/bad_option.h \
	%D%/takt.c %D%/commands.h %D%/commands.def \
	%D%/level.c \
	%D%/live_run.c %D%/live_run.h \
	%D%/request.c %D%/request.h \
	%D%/run.c %D%/sibling.c %D%/sibling.h \
	%D%/run_status.c %D%/run_status.h \
	%D%/python_status.c %D%/python_status.h \
	%D%/run_threads.c %D%/run_threads.h \
	%D%/run_trouble.c %D%/run_trouble.h \
	%D%/status.c \
	%D%/log_command.c %D%/log_commands.def \
	%D%/log_cause.c %D%/log_cause.h \
	%D%/log_copperlists.c \
	%D%/log_digest.c \
	%D%/log_fsck.c \
	%D%/log_cut.c \
	%D%/log_find.c %D%/log_find.h \
	%D%/log_info.c \
	%D%/log_info_data.c %D%/log_info_data.h \
	%D%/log_keep.c \
	%D%/log_list.c \
	%D%/log_notes.c %D%/log_notes.h \
	%D%/log_options.c %D%/log_options.h \
	%D%/log_recover.c \
	%D%/log_rm.c \
	%D%/log_scan.c %D%/log_scan.h \
	%D%/log_stats.c \
	%D%/log_text.c \
	%D%/log_time.c %D%/log_time.h \
	%D%/log_types.c \
	%D%/new.c %D%/sdk.c \
	%D%/new_files.h %D%/new_files.def \
	%D%/new_name.c %D%/new_name.h \
	%D%/new_project.c %D%/new_project.h \
	%D%/out.c %D%/out.h \
	%D%/progress.c %D%/progress.h \
	%D%/screen.c %D%/screen.h \
	%D%/stats_print.c %D%/stats_print.h \
	%D%/lost_line.c %D%/lost_line.h \
	%D%/text_line.c %D%/text_line.h \
	%D%/top.c \
	%D%/top_table.c %D%/top_table.h
takt_CPPFLAGS = $(AM_CPPFLAGS) $(dirs_CPPFLAGS)
takt_LDADD = $(log_libs) $(base_libs)
nodist_takt_SOURCES = %D%/new_text.c

# What takt new makes: files as they are, with NAME for the name. The build turns them into arrays.
new_templates = \
	%D%/new/NAME.c %D%/new/NAME.cc %D%/new/NAME.py %D%/new/NAME.yaml %D%/new/Makefile \
	%D%/new/README.md %D%/new/gitignore %D%/new/test_NAME.py
EXTRA_DIST += $(new_templates) %D%/new/embed.sh
CLEANFILES += %D%/new_text.c
%D%/new_text.c: $(new_templates) %D%/new/embed.sh
	$(AM_V_GEN)$(MKDIR_P) $(@D) && (cd $(top_srcdir) && $(SHELL) %D%/new/embed.sh $(new_templates)) >$@.tmp && \
		mv $@.tmp $@
