package scan

import (
	"net/url"
	"strings"
)

// pair looks at a ":" or "=": if what stands before it is the name of a field, the value after it is masked as the
// name says. It knows the forms of JSON, logfmt, Go's %+v, headers, query strings and plain sentences.
func (sc *scanner) pair(sign int) int {
	s := sc.s
	if at(s, sign-1) == ')' && at(s, sign+1) == '(' {
		return sc.columns(sign)
	}
	name, ok := sc.nameBefore(sign)
	if !ok {
		return sign + 1
	}
	m := sc.table.lookup(&sc.words, name)
	from, quote := valueAt(s, sign)
	if end, ok := sc.parameter(m, sign, from); ok {
		return end
	}
	if !m.says() || m.rules[0].class == None || from >= len(s) {
		return sign + 1
	}
	if quote != "" {
		return sc.quoted(m, from, quote)
	}
	if s[from] == '[' {
		return sc.bracketed(m, from)
	}
	return sc.bare(m, sign, from)
}

const maxPairName = 64

// nameBefore returns the name that stands before the sign of a pair. Before a ":" it may have blanks.
func (sc *scanner) nameBefore(sign int) (string, bool) {
	s := sc.s
	end := sign
	if at(s, end-1) == ' ' {
		end--
	}
	quoted := end > 0 && (s[end-1] == '"' || s[end-1] == '\'')
	if quoted {
		if end--; at(s, end-1) == '\\' {
			end--
		}
	}
	more := "-."
	switch {
	case quoted || s[sign] == ':':
		more = "-. "
	case at(s, end-1) == ']' || hasSuffixFold(s[:end], "%5d"):
		// user[first_name]=Jane, as forms have it.
		more = "-.[]%"
	}
	start, letters := end, false
	for start > 0 && end-start < maxPairName {
		k := kinds[s[start-1]]
		if k&word == 0 && !has(more, s[start-1]) {
			break
		}
		letters = letters || k&letter != 0
		start--
	}
	name := s[start:end]
	if strings.IndexByte(name, '%') >= 0 {
		if decoded, err := url.QueryUnescape(name); err == nil {
			name = decoded
		}
	}
	return name, letters
}

// columns looks at what databases say of a row: Key (last_name, ssn)=(Roe, 123456789). If one name says that its value
// is of a class, all values are masked.
func (sc *scanner) columns(sign int) int {
	s := sc.s
	start := sign - 1
	for start > 0 && sign-start < maxPairName && s[start-1] != '(' {
		start--
	}
	end := sign + 2
	for end < len(s) && end-sign < maxBracketed && s[end] != ')' && s[end] != '\n' {
		end++
	}
	for _, name := range strings.Split(s[start:sign-1], ",") {
		if r, ok := sc.table.lookup(&sc.words, name).whole(); ok && at(s, end) == ')' && !isEmpty("", s[sign+2:end]) {
			return sc.found(sign+2, end, r.class)
		}
	}
	return sign + 1
}

// tuple looks at a pair in brackets: ('mrn', '12345'), ["mrn", "12345"].
func (sc *scanner) tuple(sign int) int {
	s := sc.s
	if b := at(s, sign-1); b != '\'' && b != '"' {
		return sign + 1
	}
	name, ok := sc.nameBefore(sign)
	start := sign - 1 - len(name)
	from, quote := valueAt(s, sign)
	if b := at(s, start-2); !ok || quote == "" || b != '(' && b != '[' || s[start-1] != s[sign-1] {
		return sign + 1
	}
	m := sc.table.lookup(&sc.words, name)
	if !m.says() || m.has(None) {
		return sign + 1
	}
	return sc.quoted(m, from, quote)
}

// element looks at the text of an XML element: <FirstName>Jane</FirstName>.
func (sc *scanner) element(sign int) int {
	s := sc.s
	start := sign
	for start > 0 && sign-start < maxPairName && s[start-1] != '<' && s[start-1] != '>' {
		start--
	}
	if at(s, start-1) != '<' || s[start] == '/' || at(s, sign+1) == '<' {
		return sign + 1
	}
	end := sign + 1
	for end < len(s) && end-sign < maxBracketed && s[end] != '<' {
		end++
	}
	name := s[start : start+strings.IndexAny(s[start:sign]+" ", " /\t\n")]
	if class := sc.table.lookup(&sc.words, name).class(strings.TrimSpace(s[sign+1 : end])); class != None && at(s, end) == '<' {
		return sc.found(sign+1, end, class)
	}
	return sign + 1
}

// valueAt returns where the value after the sign begins, and the quote before it, if there is one.
func valueAt(s string, sign int) (from int, quote string) {
	from = sign + 1
	if at(s, from) == '>' || at(s, from) == '=' {
		from++
	}
	if s[sign] != '=' || from > sign+1 || at(s, sign-1) == ' ' {
		from = skip(s, from, " \t", 3)
	}
	switch at(s, from) {
	case '"', '\'', '`':
		return from + 1, s[from : from+1]
	case '\\':
		if b := at(s, from+1); b == '"' || b == '\'' {
			return from + 2, s[from : from+2]
		}
	}
	return from, ""
}

// quoted looks at a value in quotes. One without an end goes to the end of the line: the text was cut.
func (sc *scanner) quoted(m match, from int, quote string) int {
	s := sc.s
	if start, end, ok := sc.credentials(m, from); ok {
		return sc.found(start, end, Secret)
	}
	end := from
	for end < len(s) && s[end] != '\n' && !strings.HasPrefix(s[end:], quote) {
		if s[end] == '\\' {
			end++
		}
		end++
	}
	if end > len(s) {
		end = len(s)
	}
	if class := m.class(s[from:end]); class != None {
		return sc.found(from, end, class)
	}
	return from
}

// credentials finds the secret part of a value such as "Bearer abc": the scheme before it may be shown.
func (sc *scanner) credentials(m match, from int) (start, end int, ok bool) {
	scheme := run(sc.s, from, lower|upper)
	if !m.has(Secret) || at(sc.s, scheme) != ' ' {
		return 0, 0, false
	}
	return bearerAt(sc.s, from, scheme)
}

const maxBracketed = 1024

// bracketed looks at a list: [Jane Roe] as Go prints it, ["Jane","Roe"] of JSON that was cut.
func (sc *scanner) bracketed(m match, from int) int {
	s := sc.s
	r, ok := m.whole()
	if !ok {
		return from
	}
	end := from + 1
	for end < len(s) && end-from < maxBracketed && s[end] != ']' {
		end++
	}
	if at(s, end) != ']' || isEmpty(m.phrase, s[from:end+1]) || end == from+1 {
		return from
	}
	return sc.found(from+1, end, r.class)
}

// bare looks at a value without quotes.
func (sc *scanner) bare(m match, sign, from int) int {
	s := sc.s
	if start, end, ok := sc.credentials(m, from); ok {
		return sc.found(start, end, Secret)
	}
	prose := s[sign] == ':' && from > sign+1
	for _, r := range m.rules {
		if r.class == None || r.strength == weak {
			break
		}
		end := sc.valueEnd(r.class, from)
		value := s[from:end]
		if isEmpty(m.phrase, value) || exempt(r.class, m.phrase, value) {
			continue
		}
		if r.strength == shape || prose || s[sign] == ':' && !strings.Contains(m.phrase, " ") {
			if !fits(r, m.phrase, value) {
				continue
			}
		}
		return sc.found(from, end, r.class)
	}
	return from
}

// fits reports whether a value in a sentence can be one of the rule: "password: reset failed" is none.
func fits(r rule, phrase, value string) bool {
	if r.strength == shape {
		return plausible(r.class, phrase, value)
	}
	switch r.class {
	case Name:
		_, count := nameRun(value, 0, true)
		return count > 0
	case Secret:
		return !in(noSecrets, value) && len(value) >= 3
	case URL:
		return strings.Contains(value, ".") || strings.Contains(value, "/")
	case Email:
		return strings.IndexByte(value, '@') > 0
	case Geography:
		return countDigits(value) > 0 || kinds[value[0]]&(upper|wide) != 0 && !in(noNames, value)
	}
	return countDigits(value) > 0
}

// noSecrets are words that follow "password:" in a sentence.
var noSecrets = list("required", "incorrect", "invalid", "wrong", "missing", "failed", "reset", "changed", "expired",
	"empty", "not", "is", "must", "cannot", "does", "did", "the", "a", "an", "no", "has", "was", "too", "set", "unset",
	"rejected", "accepted", "denied", "mismatch", "unauthorized", "forbidden", "error", "bad", "bearer", "basic", "digest",
	"negotiate", "ok", "yes", "redacted", "hidden", "unknown", "rotated", "updated", "created", "deleted", "sent", "user",
	"read", "write", "admin", "default", "enabled", "disabled", "token", "revoked", "refreshed", "issued", "length")

// valueEnd returns where a value of a class ends that has no quotes: the end of its form, or of the token.
func (sc *scanner) valueEnd(class Class, from int) int {
	s := sc.s
	end, ok := 0, false
	switch class {
	case Phone, Fax:
		end, ok = phoneAt(s, from, true)
	case SSN:
		end, ok = ssnAt(s, from, true)
	case Account:
		if end, ok = cardAt(s, from); !ok {
			end, ok = ibanAt(s, from)
		}
	case Date:
		if end, ok = dateAt(s, from); !ok {
			end, ok = monthFirstAt(s, from)
		}
		if ok && at(s, end) == 'T' {
			end = bareEnd(s, end)
		}
	case Name:
		var count int
		end, count = nameRun(s, from, true)
		ok = count > 0
	case Geography:
		return placeEnd(s, from)
	}
	if token := bareEnd(s, from); !ok || class != Name && token > end {
		return token
	}
	return end
}

// bareEnd returns the end of a token.
func bareEnd(s string, i int) int {
	from := i
	for i < len(s) && !has(" \t\r\n,;&|()[]{}<>\"'\\", s[i]) {
		i++
	}
	for i > from && (s[i-1] == '.' || s[i-1] == ':') {
		i--
	}
	return i
}

const maxPlace = 120

// placeEnd returns the end of an address: that of the line, or where the next pair begins.
func placeEnd(s string, i int) int {
	if kinds[at(s, i)]&digit == 0 {
		token := bareEnd(s, i)
		if end, count := nameRun(s, i, true); count > 0 && end > token {
			return end
		}
		return token
	}
	if end, ok := streetAt(s, i); ok {
		return end
	}
	return bareEnd(s, i)
}

// parameter looks at a pair of a query string or form, whose value is decoded first.
func (sc *scanner) parameter(m match, sign, from int) (int, bool) {
	s := sc.s
	if s[sign] != '=' || from != sign+1 {
		return 0, false
	}
	end := from
	encoded := false
	for end < len(s) && !has(" \t\r\n&;#=\"'<>\\", s[end]) {
		encoded = encoded || s[end] == '%' || s[end] == '+'
		end++
	}
	if !encoded {
		return 0, false
	}
	value, err := url.QueryUnescape(s[from:end])
	if err != nil {
		return 0, false
	}
	if class := m.class(value); class != None {
		return sc.found(from, end, class), true
	}
	masked := sc.text(value)
	if masked == value {
		return 0, false
	}
	return sc.replace(from, end, escapeQuery(masked)), true
}

// escapeQuery encodes a masked value again; the brackets of masks stay as they are, for who reads the log.
func escapeQuery(s string) string {
	escaped := url.QueryEscape(s)
	return strings.NewReplacer("%5B", "[", "%5D", "]").Replace(escaped)
}
