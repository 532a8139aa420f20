#!/bin/sh
# The objects that run in a cycle call nothing but what this list allows: no allocation, no lock, no
# stdio, no system call but the sleep. Prints TAP.
objects='rt/engine/lane rt/engine/draft rt/engine/pace rt/engine/host rt/engine/events rt/engine/post
rt/engine/python_call rt/engine/take rt/engine/text_limit rt/engine/unit_text rt/msg/payload
rt/shm/pyslot_call rt/shm/stream'
allowed='memchr memcpy memset memmove memcmp clock_gettime clock_nanosleep __stack_chk_fail'
ours='takt_[a-z_]*'
nm=${NM:-nm}
count=0
failed=0

if [ "${sanitizer:-no}" != no ]; then
	echo '1..0 # SKIP objects of a sanitizer build call its runtime'
	exit 0
fi

# check FILE: names what must not be called
check()
{
	"$nm" -u "$1" | awk '{ print $NF }' | while read -r symbol; do
		case " $allowed _GLOBAL_OFFSET_TABLE_ " in *" $symbol "*) continue ;; esac
		echo "$symbol" | grep -qx "$ours" && continue
		echo "$symbol"
	done
}

echo 1..14
for object in $objects; do
	count=$((count + 1))
	dir=$top_builddir/${object%/*} name=${object##*/}
	file=$(find "$dir" -name "$name.o" -o -name "*la-$name.o" | head -n 1)
	bad=$( [ -n "$file" ] && check "$file" || echo 'no such object')
	if [ -z "$bad" ]; then
		echo "ok $count - $object calls only what a cycle may call"
	else
		echo "not ok $count - $object calls:" $bad
		failed=1
	fi
done

# The check itself must see a bad call.
dir=$(mktemp -d) || exit 1
printf '#include <stdlib.h>\nvoid *f(void);\nvoid *f(void) { return malloc(3); }\n' >"$dir/bad.c"
if ${CC:-cc} -c "$dir/bad.c" -o "$dir/bad.o" && [ "$(check "$dir/bad.o")" = malloc ]; then
	echo 'ok 14 - a call of malloc is seen'
else
	echo 'not ok 14 - a call of malloc is not seen'
	failed=1
fi
rm -rf "$dir"
exit $failed
