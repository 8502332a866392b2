package scan

import "unicode/utf8"

// Each function named ...At returns the end of a value that begins at i, and whether there is one.

// gap is what stands between groups of a number.
type gap uint8

const (
	noGap gap = iota
	hyphen
	dot
	blank
)

// gapAt returns the kind and size of the gap at i. Typographic hyphens and blanks count, as word processors make them.
func gapAt(s string, i int) (gap, int) {
	switch at(s, i) {
	case '-':
		return hyphen, 1
	case '.':
		return dot, 1
	case ' ':
		return blank, 1
	case 0xC2, 0xE2:
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r >= 0x2010 && r <= 0x2015 || r == 0x2212:
			return hyphen, size
		case r == 0xA0 || r == 0x2007 || r == 0x202F || r == 0x2009:
			return blank, size
		}
	}
	return noGap, 0
}

// digitsAt reports whether exactly n digits stand at i.
func digitsAt(s string, i, n int) bool {
	if i+n > len(s) {
		return false
	}
	for _, b := range []byte(s[i : i+n]) {
		if kinds[b]&digit == 0 {
			return false
		}
	}
	return kinds[at(s, i+n)]&digit == 0
}

// ends reports whether a number may end at i: what follows is no part of a longer token.
func ends(s string, i int) bool {
	b := at(s, i)
	if kinds[b]&(lower|upper|digit|under) != 0 {
		return false
	}
	if b == '-' || b == '.' || b == ':' || b == '/' {
		return kinds[at(s, i+1)]&digit == 0
	}
	return true
}

// begins reports whether a number may begin at i.
func begins(s string, i int) bool {
	b := at(s, i-1)
	if kinds[b]&(lower|upper|digit) != 0 {
		return false
	}
	return (b != '-' && b != '.') || kinds[at(s, i-2)]&digit == 0
}

// ssnAt finds a social security number or a taxpayer number of that form. Without context it has hyphens.
func ssnAt(s string, i int, context bool) (int, bool) {
	if context && digitsAt(s, i, 9) {
		return i + 9, validSSN(s[i:i+3], s[i+3:i+5], s[i+5:i+9]) && begins(s, i) && ends(s, i+9)
	}
	if !digitsAt(s, i, 3) {
		return 0, false
	}
	first, size := gapAt(s, i+3)
	group := i + 3 + size
	if first == noGap || first != hyphen && !context || !digitsAt(s, group, 2) {
		return 0, false
	}
	second, size := gapAt(s, group+2)
	serial := group + 2 + size
	if second != first || !digitsAt(s, serial, 4) {
		return 0, false
	}
	ok := validSSN(s[i:i+3], s[group:group+2], s[serial:serial+4])
	return serial + 4, ok && begins(s, i) && ends(s, serial+4)
}

// validSSN knows the numbers that are never given out. Those that begin with 9 are taxpayer numbers.
func validSSN(area, group, serial string) bool {
	if area == "000" || area == "666" || group == "00" || serial == "0000" {
		return false
	}
	return area[0] != '9' || group >= "50"
}

// phoneAt finds a telephone number: North American, or international with a "+". With context, groups may be
// separated by blanks or by nothing.
func phoneAt(s string, i int, context bool) (int, bool) {
	if b := at(s, i-1); kinds[b]&(lower|upper|digit) != 0 || b == '+' || b == '$' {
		return 0, false
	}
	if at(s, i) == '+' && at(s, i+1) != '1' {
		return internationalAt(s, i)
	}
	if !begins(s, i) {
		return 0, false
	}
	end, ok := northAmericanAt(s, i, context)
	if !ok && context {
		end, ok = loosePhoneAt(s, i)
	}
	if !ok || !ends(s, extensionAt(s, end)) {
		return 0, false
	}
	return extensionAt(s, end), true
}

// northAmericanAt finds [+1] area exchange line.
func northAmericanAt(s string, i int, context bool) (int, bool) {
	sure := context
	if at(s, i) == '+' {
		sure = true
		i++
	}
	if at(s, i) == '1' && (sure || !digitsAt(s, i, 3)) {
		i++
		kind, size := gapAt(s, i)
		if kind == noGap && !sure && at(s, i) != '(' {
			return 0, false
		}
		i += size
	}
	area := i
	first := noGap
	if at(s, i) == '(' && at(s, i+4) == ')' {
		area, i, first, sure = i+1, i+5, hyphen, true
		if at(s, i) == ' ' {
			i++
		}
	} else {
		kind, size := gapAt(s, i+3)
		i, first = i+3+size, kind
	}
	if i+3 > len(s) || !validArea(s[area:area+3]) || run(s[:i+3], i, digit) != i+3 {
		return 0, false
	}
	second, size := gapAt(s, i+3)
	if !validExchange(s[i:i+3]) && !sure && (first != hyphen || second != hyphen) {
		return 0, false
	}
	if !sure && (first == noGap || second == noGap || first == blank && second == blank) {
		return 0, false
	}
	i += 3 + size
	return i + 4, digitsAt(s, i, 4)
}

func validArea(area string) bool {
	return area[0] >= '2' && area[0] <= '9' && area[1] >= '0' && area[1] <= '8' && kinds[area[2]]&digit != 0
}

// validExchange knows the exchanges that are given out. Made-up numbers are often of another one.
func validExchange(exchange string) bool { return exchange[0] >= '2' && exchange[0] <= '9' }

// internationalAt finds "+", a country code and groups of digits, 8 to 15 digits in all.
func internationalAt(s string, i int) (int, bool) {
	if at(s, i+1) < '1' || at(s, i+1) > '9' {
		return 0, false
	}
	end, digits := phoneRun(s, i+1)
	return end, digits >= 8 && digits <= 15 && ends(s, end)
}

// loosePhoneAt finds digits and gaps, 7 to 15 digits in all: where the context says that they are a number to call.
func loosePhoneAt(s string, i int) (int, bool) {
	end, digits := phoneRun(s, i)
	return end, digits == 7 || digits >= 10 && digits <= 15
}

// phoneRun returns the end of digits and what may stand between them, and the number of digits.
func phoneRun(s string, i int) (end, digits int) {
	end = i
	for i < len(s) && digits <= 15 {
		if kinds[s[i]]&digit != 0 {
			digits++
			i++
			end = i
			continue
		}
		if at(s, i) == '(' || at(s, i) == ')' || at(s, i) == '/' {
			i++
			continue
		}
		kind, size := gapAt(s, i)
		if kind == noGap || i-end > 2 {
			break
		}
		i += size
	}
	return end, digits
}

// extensionAt returns the end of an extension, or i.
func extensionAt(s string, i int) int {
	from := skip(s, i, " ,", 2)
	for _, word := range []string{"extension", "ext.", "ext", "x"} {
		if hasPrefixFold(s[from:], word) {
			from = skip(s, from+len(word), " .:", 2)
			if end := run(s, from, digit); end > from && end-from <= 6 {
				return end
			}
			return i
		}
	}
	return i
}

// cards has the first digits and lengths of payment cards.
var cards = []struct {
	low, high string
	lengths   []int
}{
	{"34", "34", []int{15}}, {"37", "37", []int{15}}, // American Express
	{"300", "305", []int{14}}, {"36", "36", []int{14}}, {"38", "39", []int{14}}, // Diners Club
	{"4", "4", []int{13, 16, 19}},                        // Visa
	{"51", "55", []int{16}}, {"2221", "2720", []int{16}}, // Mastercard
	{"6011", "6011", []int{16, 19}}, {"644", "649", []int{16, 19}}, {"65", "65", []int{16, 19}}, // Discover
	{"3528", "3589", []int{16}}, // JCB
	{"62", "62", []int{16, 19}}, // UnionPay
}

// cardAt finds a payment card number: known first digits, a length of theirs, a Luhn sum.
func cardAt(s string, i int) (int, bool) {
	if b := at(s, i); b < '2' || b > '6' || len(s)-i < 13 || !begins(s, i) {
		return 0, false
	}
	var number [19]byte
	n, end, group := 0, i, 0
	for end < len(s) && n < len(number) {
		if kinds[s[end]]&digit != 0 {
			number[n] = s[end]
			n++
			end++
			group++
			continue
		}
		if isCard(number[:n]) {
			break
		}
		kind, size := gapAt(s, end)
		if group != 4 && (group != 6 || n != 10) || kind != hyphen && kind != blank || kinds[at(s, end+size)]&digit == 0 {
			return 0, false
		}
		end += size
		group = 0
	}
	return end, ends(s, end) && isCard(number[:n])
}

func isCard(number []byte) bool {
	if len(number) < 13 || !luhn(number) {
		return false
	}
	for _, c := range cards {
		if first := string(number[:len(c.low)]); first >= c.low && first <= c.high {
			for _, length := range c.lengths {
				if len(number) == length {
					return true
				}
			}
		}
	}
	return false
}

// luhn checks the last digit of a number.
func luhn(number []byte) bool {
	sum := 0
	for i := range number {
		d := int(number[len(number)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// isNPI reports whether ten digits are a national provider identifier: a Luhn sum over them after 80840.
func isNPI(s string) bool {
	return len(s) == 10 && (s[0] == '1' || s[0] == '2') && digitsAt(s, 0, 10) && luhn(append([]byte("80840"), s...))
}
