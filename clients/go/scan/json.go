package scan

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// walker goes through one JSON document. It writes only if there is something to mask, and copies the rest then.
type walker struct {
	*work
	s   string
	pos int
	// out is what was written; it stands for the text before from.
	out  []byte
	from int
	// depth is how many objects and arrays are around the place.
	depth int
}

// document masks a text that is one JSON document. It returns nil if nothing in it was masked.
func (w *work) document(m match, doc string) (masked []byte, ok bool) {
	before := w.counted()
	masked, size, ok := w.prefix(m, doc)
	if !ok || blanks(doc, size) != len(doc) {
		w.undo(before)
		return nil, false
	}
	if masked != nil {
		masked = append(masked, doc[size:]...)
	}
	return masked, true
}

// prefix masks the JSON document that a text begins with, and returns how long it is; masked is nil if nothing in it
// was masked. If there is no document, size is where that was seen.
func (w *work) prefix(m match, s string) (masked []byte, size int, ok bool) {
	j := walker{work: w, s: s}
	j.blank()
	ok = j.value(m)
	if j.out != nil {
		j.out = append(j.out, s[j.from:j.pos]...)
	}
	return j.out, j.pos, ok
}

// opensDocument reports whether a JSON document may begin with the bracket at i.
func opensDocument(s string, i int) bool {
	next := at(s, blanks(s, i+1))
	if s[i] == '{' {
		return next == '"'
	}
	return next == '"' || next == '{' || next == '['
}

func blanks(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\t' || s[i] == '\r') {
		i++
	}
	return i
}

func (j *walker) blank() { j.pos = blanks(j.s, j.pos) }

// take goes over one byte if it is the next.
func (j *walker) take(b byte) bool {
	if at(j.s, j.pos) != b {
		return false
	}
	j.pos++
	return true
}

// value masks one value of a field.
func (j *walker) value(m match) bool {
	switch b := at(j.s, j.pos); {
	case b == '"':
		return j.string(m)
	case b == '{' || b == '[':
		if j.depth >= j.maxDepth {
			return j.skipDeep()
		}
		j.depth++
		ok := false
		if b == '{' {
			ok = j.object(m)
		} else {
			ok = j.array(m)
		}
		j.depth--
		return ok
	case b == '-' || kinds[b]&digit != 0:
		return j.number(m)
	}
	for _, constant := range []string{"null", "true", "false"} {
		if strings.HasPrefix(j.s[j.pos:], constant) {
			j.pos += len(constant)
			return kinds[at(j.s, j.pos)]&word == 0
		}
	}
	return false
}

func (j *walker) object(outer match) bool {
	j.take('{')
	j.blank()
	if j.take('}') {
		return true
	}
	for {
		name, end, ok := j.literal()
		if !ok {
			return false
		}
		own := match{}
		if masked := j.key(name); masked != name {
			j.write(masked, end)
		} else {
			j.pos = end
			own = j.lookup(name)
		}
		j.blank()
		if !j.take(':') {
			return false
		}
		j.blank()
		if !j.value(outer.inner(own)) {
			return false
		}
		j.blank()
		if j.take('}') {
			return true
		}
		if !j.take(',') {
			return false
		}
		j.blank()
	}
}

func (j *walker) array(m match) bool {
	j.take('[')
	j.blank()
	if j.take(']') {
		return true
	}
	for {
		if !j.value(m) {
			return false
		}
		j.blank()
		if j.take(']') {
			return true
		}
		if !j.take(',') {
			return false
		}
		j.blank()
	}
}

// string masks a text.
func (j *walker) string(m match) bool {
	text, end, ok := j.literal()
	if !ok {
		return false
	}
	if masked := j.field(m, text); masked != text {
		j.write(masked, end)
	} else {
		j.pos = end
	}
	return true
}

// write writes a text in place of what stands up to end.
func (j *walker) write(text string, end int) {
	if j.out == nil {
		j.out = make([]byte, 0, len(j.s))
	}
	j.out = append(j.out, j.s[j.from:j.pos]...)
	j.out = appendQuoted(j.out, text)
	j.pos, j.from = end, end
}

// number masks a number: it becomes a text then.
func (j *walker) number(m match) bool {
	end := j.pos
	if at(j.s, end) == '-' {
		end++
	}
	first := end
	if end = run(j.s, end, digit); end == first || end-first > 1 && j.s[first] == '0' {
		return false
	}
	if at(j.s, end) == '.' {
		from := end + 1
		if end = run(j.s, from, digit); end == from {
			return false
		}
	}
	if at(j.s, end)|0x20 == 'e' {
		from := skip(j.s, end+1, "+-", 1)
		if end = run(j.s, from, digit); end == from {
			return false
		}
	}
	if kinds[at(j.s, end)]&word != 0 {
		return false
	}
	if mask, masked := j.scalar(m, j.s[j.pos:end]); masked {
		j.write(mask, end)
	} else {
		j.pos = end
	}
	return true
}

// literal reads the string at the place without going on from it, and returns its text and its end.
func (j *walker) literal() (text string, end int, ok bool) {
	if at(j.s, j.pos) != '"' {
		return "", j.pos, false
	}
	escaped := false
	for end = j.pos + 1; end < len(j.s); end++ {
		switch b := j.s[end]; {
		case b == '"':
			text = j.s[j.pos+1 : end]
			if escaped {
				text, ok = unescape(text)
				return text, end + 1, ok
			}
			return text, end + 1, true
		case b == '\\':
			escaped = true
			end++
		case b < ' ':
			j.pos = end
			return "", end, false
		}
	}
	j.pos = len(j.s)
	return "", len(j.s), false
}

// skipDeep leaves out an object or array that is nested too deep.
func (j *walker) skipDeep() bool {
	start, open := j.pos, 0
	for j.pos < len(j.s) {
		switch j.s[j.pos] {
		case '{', '[':
			open++
		case '}', ']':
			open--
		case '"':
			_, end, ok := j.literal()
			if !ok {
				return false
			}
			j.pos = end - 1
		}
		j.pos++
		if open == 0 {
			end := j.pos
			j.pos = start
			j.write(j.refuse(), end)
			return true
		}
	}
	return false
}

// unescape decodes the escapes of a JSON string.
func unescape(s string) (string, bool) {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			out = append(out, s[i])
			i++
			continue
		}
		r, size := escapeAt(s, i)
		if size == 0 {
			return "", false
		}
		out = utf8.AppendRune(out, r)
		i += size
	}
	return string(out), true
}

// escapeAt decodes one escape; a surrogate without its other half is U+FFFD.
func escapeAt(s string, i int) (r rune, size int) {
	switch b := at(s, i+1); b {
	case '"', '\\', '/':
		return rune(b), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		r, ok := unitAtHex(s, i+2)
		if !ok {
			return 0, 0
		}
		if !utf16.IsSurrogate(r) {
			return r, 6
		}
		if at(s, i+6) == '\\' && at(s, i+7) == 'u' {
			if second, ok := unitAtHex(s, i+8); ok {
				if both := utf16.DecodeRune(r, second); both != utf8.RuneError {
					return both, 12
				}
			}
		}
		return utf8.RuneError, 6
	}
	return 0, 0
}

// unitAtHex reads four hex digits.
func unitAtHex(s string, i int) (rune, bool) {
	if i+4 > len(s) || !isHex(s[i:i+4]) {
		return 0, false
	}
	var r rune
	for _, b := range []byte(s[i : i+4]) {
		d := rune(b - '0')
		if kinds[b]&digit == 0 {
			d = rune(b|0x20-'a') + 10
		}
		r = r<<4 | d
	}
	return r, true
}

const lowerHex = "0123456789abcdef"

// appendQuoted appends a JSON string. Bytes that are no UTF-8 become U+FFFD.
func appendQuoted(out []byte, s string) []byte {
	out = append(out, '"')
	for i := 0; i < len(s); {
		b := s[i]
		switch {
		case b == '"' || b == '\\':
			out = append(out, '\\', b)
		case b == '\n':
			out = append(out, '\\', 'n')
		case b == '\r':
			out = append(out, '\\', 'r')
		case b == '\t':
			out = append(out, '\\', 't')
		case b < ' ' || b == 0x7F:
			out = append(out, '\\', 'u', '0', '0', lowerHex[b>>4], lowerHex[b&0xF])
		case b < utf8.RuneSelf:
			out = append(out, b)
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			out = utf8.AppendRune(out, r)
			i += size
			continue
		}
		i++
	}
	return append(out, '"')
}
