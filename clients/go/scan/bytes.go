package scan

// kind is what a byte can be part of.
type kind uint8

const (
	lower kind = 1 << iota
	upper
	digit
	// wide is a byte of a character outside ASCII.
	wide
	under
	// sign is a byte at which a value, or a pair of name and value, may begin.
	sign
	// joint is a byte that stands between the words before a value.
	joint
)

const (
	letter = lower | upper | wide
	word   = letter | digit | under
)

// kinds has the kinds of all bytes.
var kinds = func() (k [256]kind) {
	for b := range k {
		switch {
		case b >= 'a' && b <= 'z':
			k[b] = lower
		case b >= 'A' && b <= 'Z':
			k[b] = upper
		case b >= '0' && b <= '9':
			k[b] = digit
		case b >= 0x80:
			k[b] = wide
		case b == '_':
			k[b] = under
		}
	}
	for _, b := range []byte("@:=+(-%{[>,") {
		k[b] |= sign
	}
	for _, b := range []byte(" -./'") {
		k[b] |= joint
	}
	return k
}()

// at returns the byte at i, or 0 outside of the text.
func at(s string, i int) byte {
	if i < 0 || i >= len(s) {
		return 0
	}
	return s[i]
}

// run returns the end of the bytes from i on that are of any of the kinds.
func run(s string, i int, k kind) int {
	for i < len(s) && kinds[s[i]]&k != 0 {
		i++
	}
	return i
}

// skip returns the end of the bytes from i on that are in set, at most most of them.
func skip(s string, i int, set string, most int) int {
	for n := 0; i < len(s) && n < most && has(set, s[i]); n++ {
		i++
	}
	return i
}

func has(set string, b byte) bool {
	for i := 0; i < len(set); i++ {
		if set[i] == b {
			return true
		}
	}
	return false
}

// countDigits returns how many bytes are digits.
func countDigits(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		if kinds[s[i]]&digit != 0 {
			n++
		}
	}
	return n
}

// equalFold reports whether s is the lower-case ASCII word, in any case.
func equalFold(s, lowerWord string) bool {
	return len(s) == len(lowerWord) && hasPrefixFold(s, lowerWord)
}

// hasPrefixFold reports whether s begins with the lower-case ASCII prefix, in any case.
func hasPrefixFold(s, lowerPrefix string) bool {
	if len(s) < len(lowerPrefix) {
		return false
	}
	for i := 0; i < len(lowerPrefix); i++ {
		b := s[i]
		if kinds[b]&upper != 0 {
			b += 'a' - 'A'
		}
		if b != lowerPrefix[i] {
			return false
		}
	}
	return true
}

// hasSuffixFold reports whether s ends with the lower-case ASCII suffix, in any case.
func hasSuffixFold(s, lowerSuffix string) bool {
	return len(s) >= len(lowerSuffix) && hasPrefixFold(s[len(s)-len(lowerSuffix):], lowerSuffix)
}

// lowered returns a word in lower case for a look-up, without memory of its own; ok is false for words that are too
// long to be in any list.
func lowered(space *[16]byte, s string) (low []byte, ok bool) {
	if len(s) > len(space) {
		return nil, false
	}
	low = space[:len(s)]
	for i := 0; i < len(s); i++ {
		b := s[i]
		if kinds[b]&upper != 0 {
			b += 'a' - 'A'
		}
		low[i] = b
	}
	return low, true
}

// in reports whether a list has a word, in any case.
func in(list map[string]bool, s string) bool {
	var space [16]byte
	low, ok := lowered(&space, s)
	return ok && list[string(low)]
}

// lengths has, by first letter in lower case, which lengths of words a list has. Most words are ruled out by it.
type lengths [256]uint32

func lengthsOf(lists ...map[string]bool) (l lengths) {
	for _, list := range lists {
		for w := range list {
			l[w[0]] |= 1 << len(w)
		}
	}
	return l
}

// may reports whether the list may have a word of that first letter and length.
func (l *lengths) may(first byte, length int) bool {
	if kinds[first]&upper != 0 {
		first += 'a' - 'A'
	}
	return length < 32 && l[first]&(1<<length) != 0
}

// list makes a list of words.
func list(words ...string) map[string]bool {
	l := make(map[string]bool, len(words))
	for _, w := range words {
		l[w] = true
	}
	return l
}
