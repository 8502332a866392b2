package scan

var months = map[string]int{
	"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "sept": 9, "oct": 10,
	"nov": 11, "dec": 12, "january": 1, "february": 2, "march": 3, "april": 4, "june": 6, "july": 7, "august": 8,
	"september": 9, "october": 10, "november": 11, "december": 12,
}

// figure reads a number of at least least and at most most digits.
func figure(s string, i, least, most int) (value, end int, ok bool) {
	end = run(s, i, digit)
	if n := end - i; n < least || n > most {
		return 0, i, false
	}
	for _, b := range []byte(s[i:end]) {
		value = value*10 + int(b-'0')
	}
	return value, end, true
}

// dateAt finds a date in figures, or one that begins with a day: 1980-01-31, 1/31/1980, 31.1.80, 31 Jan 1980.
func dateAt(s string, i int) (int, bool) {
	if !begins(s, i) {
		return 0, false
	}
	first, end, ok := figure(s, i, 1, 4)
	if !ok {
		return 0, false
	}
	separator := at(s, end)
	if month, to, ok := monthAt(s, end+1); ok && (separator == ' ' || separator == '-') && first <= 31 {
		return yearAfter(s, to, first, month)
	}
	if separator != '-' && separator != '/' && separator != '.' {
		return 0, false
	}
	long := end-i == 4
	second, end, ok := figure(s, end+1, 1, 2)
	if !ok || at(s, end) != separator {
		return 0, false
	}
	third, to, ok := figure(s, end+1, 1, 4)
	if !ok || !ends(s, to) && at(s, to) != 'T' && at(s, to) != 't' {
		return 0, false
	}
	if long {
		return to, validDate(first, second, third)
	}
	if n := to - end - 1; n != 2 && n != 4 || end-i < 3 {
		return 0, false
	} else if n == 2 {
		if separator == '.' {
			return 0, false
		}
		third += 1900
	}
	return to, validDate(third, first, second) || validDate(third, second, first)
}

func validDate(year, month, day int) bool {
	return year >= 1850 && year <= 2100 && month >= 1 && month <= 12 && day >= 1 && day <= 31
}

// monthAt finds the name of a month.
func monthAt(s string, i int) (month, end int, ok bool) {
	if kinds[at(s, i)]&(lower|upper) == 0 {
		return 0, 0, false
	}
	end = run(s, i, letter)
	var space [16]byte
	low, ok := lowered(&space, s[i:end])
	if !ok {
		return 0, 0, false
	}
	month = months[string(low)]
	return month, end, month > 0
}

// yearAfter finds the year after a day and month.
func yearAfter(s string, i, day, month int) (int, bool) {
	i = skip(s, i, " .,-", 2)
	year, end, ok := figure(s, i, 4, 4)
	return end, ok && ends(s, end) && validDate(year, month, day)
}

// monthFirstAt finds a date that begins with a month: January 31, 1980; Jan. 31st 1980.
func monthFirstAt(s string, i int) (int, bool) {
	month, end, ok := monthAt(s, i)
	if !ok {
		return 0, false
	}
	day, end, ok := figure(s, skip(s, end, " .", 2), 1, 2)
	if !ok {
		return 0, false
	}
	for _, suffix := range []string{"st", "nd", "rd", "th"} {
		if hasPrefixFold(s[end:], suffix) {
			end += 2
			break
		}
	}
	return yearAfter(s, end, day, month)
}

// eightDigits reports whether a token is a date without separators, as in HL7: 19800131, with a time or without.
func eightDigits(s string) bool {
	if len(s) != 8 && len(s) != 12 && len(s) != 14 || countDigits(s) != len(s) {
		return false
	}
	year, _, _ := figure(s[:4], 0, 4, 4)
	month, _, _ := figure(s[4:6], 0, 2, 2)
	day, _, _ := figure(s[6:8], 0, 2, 2)
	return validDate(year, month, day)
}

// date looks at a date: it is masked if words before tie it to a person. A time stamp never is.
func (sc *scanner) date(i, end int) int {
	s := sc.s
	if b := at(s, end) | 0x20; b == 't' && kinds[at(s, end+1)]&digit != 0 {
		end = run(s, end+1, digit)
		for b := at(s, end); (b == ':' || b == '.' || b == ',' || b == '+' || b == '-') && kinds[at(s, end+1)]&digit != 0; b = at(s, end) {
			end = run(s, end+1, digit)
		}
		return run(s, end, word)
	}
	if sc.dateContext(i) {
		return sc.found(i, end, Date)
	}
	return end
}

// oldAge is the first age that is an identifier; no one is older than the other.
const (
	oldAge    = 90
	oldestAge = 125
)

// maybeOld reports whether a number can be an age over 89.
func maybeOld(s string) bool { return len(s) == 2 && s[0] == '9' || len(s) == 3 && s[0] == '1' }

// age looks at a number that may be an age over 89: "93 years old", "93yo", "aged 93".
func (sc *scanner) age(i, end int) (int, bool) {
	s := sc.s
	years, _, ok := figure(s, i, 2, 3)
	if !ok || years < oldAge || years > oldestAge || at(s, i-1) == '-' || at(s, i-1) == '.' {
		return 0, false
	}
	if yearsOld(s, end) {
		return end, true
	}
	if b := at(s, end); kinds[b]&word != 0 || b == '%' || b == '.' || b == ':' || b == '-' || b == '/' {
		return 0, false
	}
	switch m := sc.before(i); m.phrase {
	case "age", "aged", "patient age":
		return end, true
	}
	return 0, false
}

// yearsOld reports whether the words after a number make it an age.
func yearsOld(s string, i int) bool {
	i = skip(s, i, " -", 1)
	for _, unit := range []string{"year", "yr"} {
		if hasPrefixFold(s[i:], unit) {
			i += len(unit)
			if at(s, i) == 's' {
				i++
			}
			i = skip(s, i, " -.", 2)
			return hasPrefixFold(s[i:], "old") || hasPrefixFold(s[i:], "of age")
		}
	}
	for _, short := range []string{"y/o", "y.o", "yo"} {
		if hasPrefixFold(s[i:], short) {
			return kinds[at(s, i+len(short))]&word == 0
		}
	}
	return false
}
