# Figures computed from records: for takt log stats, takt top, and whoever shows a run.
noinst_LTLIBRARIES += libstats.la
libstats_la_SOURCES = \
	%D%/figures.c \
	%D%/paths.c %D%/paths.h \
	%D%/quantile.c %D%/quantile.h \
	%D%/spread.c %D%/spread.h \
	%D%/stats.c %D%/stats.h %D%/stats_inner.h
