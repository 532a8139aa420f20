# embed.sh FILE...: the files as C arrays, NUL-terminated, each named takt_new_ and the file's name.
set -eu
echo '/* Made by embed.sh. */'
echo '#include "rt/main/new_files.h"'
for file in "$@"; do
	echo
	echo "const char takt_new_$(basename "$file" | tr -c 'A-Za-z0-9\n' _)[] = {"
	od -An -v -tx1 "$file" | sed 's/[0-9a-f][0-9a-f]/0x&,/g'
	echo '0 };'
done
