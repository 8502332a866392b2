package scan

import (
	"net/netip"
	"strings"
)

// address looks at an Internet address or a hardware address that begins with a digit. It returns the end of either,
// masked or not: what follows in it begins no other value.
func (sc *scanner) address(i, end int) (int, bool) {
	s := sc.s
	switch {
	case at(s, end) == '.' && end-i <= 3:
		return sc.fourPart(i)
	case at(s, i+4) == ':' && (s[i] == '2' || s[i] == '3'):
		return sc.sixPart(i)
	case at(s, i+2) == ':' || at(s, i+2) == '-':
		return sc.hardware(i)
	}
	return 0, false
}

// fourPart looks at numbers with points between: an address of version 4, an object identifier, a version.
func (sc *scanner) fourPart(i int) (int, bool) {
	s := sc.s
	end, parts := i, 0
	for {
		to := run(s, end, digit)
		if to == end {
			end--
			break
		}
		parts++
		if end = to; at(s, end) != '.' {
			break
		}
		end++
	}
	if parts < 4 {
		return 0, false
	}
	if parts > 4 || kinds[at(s, end)]&(lower|upper|under) != 0 {
		return run(s, end, word), true
	}
	if addr, err := netip.ParseAddr(s[i:end]); err != nil || !public(addr) || sc.versionBefore(i) {
		return end, true
	}
	return sc.found(i, end, IP), true
}

// sixPart looks at a global address of version 6.
func (sc *scanner) sixPart(i int) (int, bool) {
	s := sc.s
	end := i
	for end < len(s) && end-i < 46 && (has(hexDigits, s[end]) || s[end] == ':' || s[end] == '.') {
		end++
	}
	for end > i && (s[end-1] == '.' || s[end-1] == ':' && at(s, end-2) != ':') {
		end--
	}
	if strings.Count(s[i:end], ":") < 2 || kinds[at(s, end)]&word != 0 {
		return 0, false
	}
	addr, err := netip.ParseAddr(s[i:end])
	if err != nil {
		return 0, false
	}
	if public(addr) {
		return sc.found(i, end, IP), true
	}
	return end, true
}

// public reports whether an address leads to one connection in the world.
func public(addr netip.Addr) bool {
	addr = addr.Unmap()
	if !addr.IsGlobalUnicast() || addr.IsPrivate() {
		return false
	}
	if addr.Is4() {
		b := addr.As4()
		return b[0] != 0 && b[0] < 224 && (b[0] != 100 || b[1]&0xC0 != 64) && (b[0] != 198 || b[1]&0xFE != 18)
	}
	return true
}

// versionBefore reports whether a number with points is a version: "Chrome/91.0.44.124", "version 1.2.3.4".
func (sc *scanner) versionBefore(i int) bool {
	s := sc.s
	if at(s, i-1) == '/' && kinds[at(s, i-2)]&letter != 0 {
		return true
	}
	to := i
	for n := 0; n < 3 && to > 0 && has(" :=\"", s[to-1]); n++ {
		to--
	}
	from := to
	for from > 0 && kinds[s[from-1]]&(lower|upper) != 0 {
		from--
	}
	return in(versionWords, s[from:to])
}

// isQuad reports whether a value is four numbers with points between, as versions and addresses are.
func isQuad(value string) bool {
	return strings.Count(value, ".") == 3 && run(value, 0, digit|joint) == len(value)
}

var versionWords = list("version", "versions", "ver", "v", "release", "build", "revision", "rev", "oid", "assembly")

// hardware looks at a hardware address, which is masked if words before say so.
func (sc *scanner) hardware(i int) (int, bool) {
	end, ok := macAt(sc.s, i)
	if !ok {
		return 0, false
	}
	if sc.before(i).has(Device) {
		return sc.found(i, end, Device), true
	}
	return end, true
}

// macAt finds six pairs of hex digits with ":" or "-" between.
func macAt(s string, i int) (int, bool) {
	if i+17 > len(s) {
		return 0, false
	}
	separator := s[i+2]
	if separator != ':' && separator != '-' {
		return 0, false
	}
	for n := 0; n < 17; n++ {
		if b := s[i+n]; n%3 == 2 && b != separator || n%3 != 2 && !has(hexDigits, b) {
			return 0, false
		}
	}
	return i + 17, kinds[at(s, i+17)]&word == 0 && at(s, i+17) != separator
}

const maxLocal, maxDomain = 64, 253

// email looks back and ahead from the "@" of a mail address, of size bytes: "%40" is one too.
func (sc *scanner) email(i, size int) int {
	s := sc.s
	start := i
	for start > sc.done && i-start < maxLocal && (kinds[s[start-1]]&word != 0 || has(".%+'-", s[start-1])) {
		start--
	}
	for start < i && has(".'-%", s[start]) {
		start++
	}
	after := i + size
	if end, ok := sc.dataSource(i, after); ok {
		return end
	}
	end, ok := domainAt(s, after)
	if start == i || !ok || s[start:i] == "git" {
		return after
	}
	return sc.found(start, end, Email)
}

// noDomains come last in names of units, hosts and files: "user@1000.service", "bundle@main.js".
var noDomains = list("service", "socket", "timer", "mount", "target", "slice", "scope", "device", "internal", "local",
	"localhost", "localdomain", "lan", "svc", "cluster", "jar", "js", "mjs", "css", "ts", "tsx", "py", "go", "rs", "java",
	"class", "so", "dll", "exe", "png", "jpg", "jpeg", "gif", "svg", "html", "json", "xml", "yaml", "yml", "git", "gz",
	"zip")

// domainAt finds a domain name: labels and a last one of letters.
func domainAt(s string, i int) (int, bool) {
	end, labels := i, 0
	last := i
	for end-i <= maxDomain {
		to := end
		for kinds[at(s, to)]&(letter|digit) != 0 || at(s, to) == '-' && kinds[at(s, to+1)]&(letter|digit) != 0 {
			to++
		}
		if to == end {
			end--
			break
		}
		labels++
		last = end
		if end = to; at(s, end) != '.' {
			break
		}
		end++
	}
	if labels < 2 || end <= last {
		return 0, false
	}
	top := s[last:end]
	if len(top) < 2 || run(top, 0, letter) != len(top) || in(noDomains, top) {
		return 0, false
	}
	// "icon@2x.png" is a file.
	scale := run(s, i, digit)
	return end, scale == i || at(s, scale) != 'x' || at(s, scale+1) != '.'
}

// dataSource looks at a data source name without a scheme: user:password@tcp(host)/database.
func (sc *scanner) dataSource(i, after int) (int, bool) {
	s := sc.s
	if !strings.HasPrefix(s[after:], "tcp(") && !strings.HasPrefix(s[after:], "unix(") {
		return 0, false
	}
	start := i
	for start > sc.done && i-start < maxLocal && !has(" \"'=\n\t,", s[start-1]) {
		if start--; s[start] == ':' {
			return sc.found(start+1, i, Secret), true
		}
	}
	return 0, false
}

const maxAuthority = 512

// authority looks at what follows "://": a password in it is masked.
func (sc *scanner) authority(i int) int {
	s := sc.s
	end, sign, colon := i, -1, -1
	for end < len(s) && end-i < maxAuthority && !has("/?# \"'<>\n\r\t\\", s[end]) {
		switch {
		case s[end] == '@':
			sign = end
		case s[end] == ':' && colon < 0:
			colon = end
		}
		end++
	}
	if sign < 0 {
		return sc.profile(i, end)
	}
	if colon >= 0 && colon+1 < sign {
		sc.found(colon+1, sign, Secret)
	}
	return sign + 1
}

// profiles are the sites on which the first part of a path is a person.
var profiles = []struct{ host, path string }{
	{"facebook.com", "/"}, {"instagram.com", "/"}, {"linkedin.com", "/in/"}, {"twitter.com", "/"}, {"x.com", "/"},
}

// profile looks at a host on which people have pages of their own.
func (sc *scanner) profile(i, end int) int {
	s := sc.s
	host := strings.TrimPrefix(s[i:end], "www.")
	for _, p := range profiles {
		if host == p.host && strings.HasPrefix(s[end:], p.path) {
			from := end + len(p.path)
			if to := pathPartAt(s, from); to > from {
				return sc.found(from, to, URL)
			}
		}
	}
	return i
}

// people are the collections whose members are persons, in the path of a URL or in a FHIR reference.
var people = list("patient", "patients", "member", "members", "person", "persons", "people", "subscriber", "subscribers",
	"beneficiary", "beneficiaries", "enrollee", "enrollees", "resident", "residents", "relatedperson", "individuals",
	"dependents")

// personPath looks at the part of a path after a collection of persons: patients/123.
func (sc *scanner) personPath(i, end int) (int, bool) {
	s := sc.s
	from := end + 1
	if s[end] == '%' {
		if !hasPrefixFold(s[end:], "%2f") {
			return 0, false
		}
		from = end + 3
	}
	if !in(people, s[i:end]) {
		return 0, false
	}
	to := pathPartAt(s, from)
	part := s[from:to]
	if countDigits(part) == 0 && strings.IndexByte(part, '@') < 0 {
		return 0, false
	}
	if part[0] == 'v' && countDigits(part) == len(part)-1 {
		return 0, false
	}
	return sc.found(from, to, URL), true
}

// pathPartAt returns the end of a part of a path.
func pathPartAt(s string, i int) int {
	for i < len(s) && (kinds[s[i]]&word != 0 || has("-.~%@", s[i])) {
		i++
	}
	for i > 0 && s[i-1] == '.' {
		i--
	}
	return i
}
