# awk -f skips.awk skips.allow FILE.log...: prints the skips in the logs of make check that skips.allow
# does not name; exit status 1 when there are any. (The .trs files do not have the reasons.)
FILENAME == ARGV[1] {
	if ($0 !~ /^(#|$)/ && (at = index($0, ": "))) {
		rules++
		test[rules] = substr($0, 1, at - 1)
		reason[rules] = substr($0, at + 2)
	}
	next
}
/^SKIP: / {
	for (i = 1; i <= rules; i++) {
		if ($2 == test[i] && $0 ~ reason[i]) {
			next
		}
	}
	print "skip that tests/skips.allow does not name: " substr($0, 7)
	bad = 1
}
END { exit bad }
