# Empty until the first source; add one as  %D%/shm.c %D%/shm.h  below.
noinst_LTLIBRARIES += libshm.la
libshm_la_SOURCES =
