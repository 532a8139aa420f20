# The task in README.md is what it says: its C and C++ build with the commands that stand there against an
# installed SDK, without a warning, and run as the graph that stands there.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
readme=$top_srcdir/README.md
n=0

# result NAME STATUS OUTPUT
result()
{
	n=$((n + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		sed 's/^/# /' <<<"$3"
	fi
}

# block LANGUAGE FIRST-LINE: the one block of README that begins so
block()
{
	awk -v fence="\`\`\`$1" -v first="$2" '
		$0 == fence { if ((getline line) > 0 && line == first) { inside = 1; blocks++; print line } next }
		$0 == "```" { inside = 0 }
		inside
		END { exit blocks != 1 }' "$readme"
}

# An installation of the SDK, for pkg-config to find.
mkdir -p "$work/usr/include/takt" "$work/usr/lib/pkgconfig" "$work/c" "$work/cpp"
cp "$top_srcdir"/rt/sdk/takt/*.h "$work/usr/include/takt/"
sed -e "s|@prefix[@]|$work/usr|; s|@includedir[@]|$work/usr/include|; s|@[a-zA-Z]*[@]|0|" \
	"$top_srcdir/rt/sdk/takt.pc.in" >"$work/usr/lib/pkgconfig/takt.pc"
export PKG_CONFIG_PATH=$work/usr/lib/pkgconfig

for language in c cpp; do
	case $language in
	c) source=ticker.c first='/* ticker.c */' command=task ;;
	cpp) source=ticker.cc first='// ticker.cc' command='task in C++' ;;
	esac
	cd "$work/$language" || exit 1

	block $language "$first" >$source
	result "README has one $source" $? 'not one block that begins so'
	lines=$(wc -l <$source)
	test "$lines" -gt 20 -a "$lines" -le 45
	result "$source is short" $? "$lines lines"

	commands=$(awk -v name="$command" -f "$top_srcdir/tests/readme.awk" "$readme")
	out=$(bash -euo pipefail -c "$commands" 2>&1)
	status=$?
	test $status -eq 0 -a -z "$out" -a -s ticker.so
	result "$source builds with README's command, without a warning" $? "$commands"$'\n'"$out"

	block yaml '# ticker.yaml' >ticker.yaml
	result "README has one graph for it ($language)" $? 'not one block that begins so'
	if ! "$top_builddir/takt" run --help >/dev/null 2>&1; then
		n=$((n + 1))
		echo "ok $n - $source runs # SKIP takt has no run yet"
		continue
	fi
	out=$("$top_builddir/takt" run ticker.yaml --dev --cycles 120 --log-dir "$work/$language/log" 2>&1)
	status=$?
	test $status -eq 0 && grep -q 'tick 50 after 0\.[45]' <<<"$out" && grep -q 'tick 100 after ' <<<"$out"
	result "$source runs" $? "status $status"$'\n'"$out"
done
echo "1..$n"
