# Every test is run, and once: the makefile fragments are merged by lines, and a line that gets lost or doubled
# there is seen by nobody. Prints TAP.
set -u
n=0

# result NAME OUTPUT: good when there is no output
result()
{
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		sed 's/^/# /' <<<"$2"
	fi
}

# wrong FRAGMENT: of the names on stdin, each that is not a word of it just once as %D%/NAME
wrong()
{
	awk 'NR == FNR { if ($1 !~ /^#/) for (i = 1; i <= NF; i++) count[$i]++; next }
		count["%D%/" $1] != 1 { print $1 ": " count["%D%/" $1] + 0 " times" }' "$1" -
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '%s\n' '# %D%/lost.py' 'tests += %D%/once.py %D%/twice.py' 'tests += %D%/twice.py' >"$work/planted.mk"
out=$(printf '%s\n' lost.py once.py twice.py | wrong "$work/planted.mk")
test "$out" = 'lost.py: 0 times
twice.py: 2 times' && out= || out="found: $out"
result 'lines that are planted lost and doubled are found' "$out"

cd "$top_srcdir/tests" || exit 1
for fragment in */*.mk; do
	folder=${fragment%/*}
	names=$(cd "$folder" && ls -- *.py *.sh 2>/dev/null)
	if [ -n "$names" ]; then
		result "each script of $folder is named once" "$(wrong "$fragment" <<<"$names")"
	fi
done
grep '^unit_tests +=' unit/unit.mk >"$work/unit.mk"
result 'each unit test is named once' "$(cd unit && ls -- *_test.c | sed 's/\.c$//' | wrong "$work/unit.mk")"
echo "1..$n"
