package scan

// maxBefore is how many bytes before a value are looked at for words that say what it is.
const maxBefore = 64

// fillers stand between what says what a value is, and the value: "the MRN is 12345".
var fillers = list("is", "was", "are", "of", "no", "nr", "num", "number", "the", "to", "at", "on", "in", "by", "equals",
	"value", "with", "a", "for", "from")

// loose are phrases of the table that are everyday words in a sentence: there they prove nothing.
var loose = list("expired", "line", "long", "home", "page", "link", "a number", "client", "remote", "peer", "src",
	"given", "family", "preferred", "pass", "line1", "line2")

// before returns what the words before a value say of it.
func (sc *scanner) before(i int) match {
	if sc.contextAt != i {
		sc.contextAt, sc.context = i, sc.wordsSay(i)
	}
	return sc.context
}

func (sc *scanner) wordsSay(i int) match {
	w := &sc.words
	sc.wordsBefore(w, i)
	for dropped := 0; dropped <= 2; dropped++ {
		if m := sc.table.suffix(w); m.says() {
			if _, sure := m.whole(); loose[m.phrase] || !sure && has("-./_", at(sc.s, i-1)) {
				// "auth-7d9f" and "PT-6985" are names of things.
				return match{}
			}
			return m
		}
		if !w.dropLast(fillers) {
			break
		}
	}
	return match{}
}

// dateContext reports whether one of the words before a date ties it to a person: "born in Springfield on 1/2/1980".
func (sc *scanner) dateContext(i int) bool {
	w := &sc.words
	sc.wordsBefore(w, i)
	for dropped := 0; dropped <= 3; dropped++ {
		if m := sc.table.suffix(w); m.says() && !loose[m.phrase] {
			return m.has(Date)
		}
		if !w.dropLast(nil) {
			break
		}
	}
	return false
}

// wordsBefore splits the words that stand before a value, with few other bytes between.
func (sc *scanner) wordsBefore(w *words, i int) {
	s := sc.s
	to := i
	for n := 0; n < 4 && to > 0 && has(" :=#\"'([<>", s[to-1]); n++ {
		to--
	}
	from := to
	for from > 0 && to-from < maxBefore && kinds[s[from-1]]&(word|joint) != 0 {
		from--
	}
	// A word that was cut is another word.
	if from > 0 && to-from == maxBefore {
		from = run(s, from, word)
	}
	if from > to {
		from = to
	}
	w.split(s[from:to])
}

// dropLast drops the last word if the list has it; without a list, any word.
func (w *words) dropLast(list map[string]bool) bool {
	n := len(w.starts)
	if n == 0 {
		return false
	}
	start := w.starts[n-1]
	if list != nil && !list[string(w.text[start:])] {
		return false
	}
	w.starts = w.starts[:n-1]
	if start > 0 {
		start--
	}
	w.text = w.text[:start]
	return true
}

// has reports whether the phrase stands for a class.
func (m match) has(class Class) bool {
	for _, r := range m.rules {
		if r.class == class {
			return true
		}
	}
	return false
}

// class returns the class of a value that stands in a field of this name, or None if only detectors decide.
func (m match) class(value string) Class {
	if !m.says() || isEmpty(m.phrase, value) {
		return None
	}
	for _, r := range m.rules {
		if r.class == None {
			return None
		}
		if r.strength == whole && !exempt(r.class, m.phrase, value) || r.strength == shape && plausible(r.class, m.phrase, value) {
			return r.class
		}
	}
	return None
}

// exempt reports whether a value is no value of the class, although the name of its field says so: an address of a
// private network, a folder in PWD.
func exempt(class Class, phrase, value string) bool {
	switch class {
	case IP:
		addr, ok := parseAddr(value)
		return ok && !public(addr)
	case Secret:
		return phrase == "pwd" && (value[0] == '/' || value[0] == '~')
	}
	return false
}

// number returns the class of a token with digits that stands in a sentence after this phrase. There a phrase alone is
// never enough: the token must look like a number of the class.
func (m match) number(token string) Class {
	for _, r := range m.rules {
		switch r.class {
		case None, Name, Date, URL, IP, Email, Photo, Biometric:
			continue
		}
		if r.strength != weak && plausible(r.class, m.phrase, token) {
			return r.class
		}
	}
	return None
}

// opaque returns the class of a UUID or hash that stands after this phrase. Most of them are not numbers of persons.
func (m match) opaque() Class {
	for _, r := range m.rules {
		switch r.class {
		case MRN, HealthPlan, Account, UniqueID, Secret:
			if r.strength != weak {
				return r.class
			}
		case Device:
			if r.strength == whole {
				return r.class
			}
		}
	}
	return None
}

// placeholders stand for a value that is not there, or was taken out by somebody else.
var placeholders = list("null", "nil", "<nil>", "none", "undefined", "unknown", "n/a", "nan", "true", "false", "redacted",
	"masked", "hidden", "filtered", "omitted", "removed", "empty", "unset", "missing", "required")

// isEmpty reports whether the value of a field says nothing, or was masked already. The phrase is that of the field.
func isEmpty(phrase, value string) bool {
	if len(value) == 0 || in(placeholders, value) || isMask(value) {
		return true
	}
	crosses := 0
	for i := 0; i < len(value); i++ {
		switch k := kinds[value[i]]; {
		case value[i]|0x20 == 'x':
			crosses++
		case k&(letter|digit) != 0:
			return isTemplate(phrase, value)
		}
	}
	return crosses == 0 || crosses > 2
}

// isTemplate reports whether a value is a place in a statement or template: $1, :email, %s, {email}, <hidden>.
func isTemplate(phrase, value string) bool {
	inner := value[1:]
	switch value[0] {
	case '[', '<', '{':
		last := len(inner) - 1
		if last < 1 || !has("]>}", inner[last]) {
			return false
		}
		inner = inner[:last]
	case '$', ':', '@':
		if len(inner) <= 2 && countDigits(inner) == len(inner) {
			return true
		}
	case '%':
		return len(inner) == 1
	default:
		return false
	}
	var w words
	w.split(inner)
	return in(placeholders, inner) || string(w.text) == phrase
}
