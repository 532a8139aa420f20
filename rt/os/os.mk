# Empty until the first source; add one as  %D%/os.c %D%/os.h  below.
noinst_LTLIBRARIES += libos.la
libos_la_SOURCES =
