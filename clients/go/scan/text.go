package scan

import "strings"

// span is a part of a text, and what stands there instead.
type span struct {
	start, end int
	with       string
}

// scanner looks at one text from its begin to its end. Its methods for a byte return the place to go on from, which is
// after the byte: a text is looked at in a time that grows with its length only.
type scanner struct {
	*work
	s string
	// first is where the spans of this text begin in work.spans.
	first int
	// done is the end of the last span. What stands before it belongs to a value already.
	done int
	// context is what the words before contextAt say. Several detectors ask for it.
	context   match
	contextAt int
	// noDocument is the place before which no JSON document begins: an attempt has failed there.
	noDocument int
}

// text masks what the detectors find in a text.
func (w *work) text(s string) string {
	if len(s) > w.maxValue {
		return w.refuse()
	}
	if len(s) < 3 {
		return s
	}
	if w.nested > maxNested {
		return w.refuse()
	}
	w.nested++
	sc := scanner{work: w, s: s, first: len(w.spans)}
	sc.scan()
	w.nested--
	return sc.replaced()
}

func (sc *scanner) scan() {
	for i := 0; i < len(sc.s); {
		switch k := kinds[sc.s[i]]; {
		case k&(lower|upper|under) != 0:
			i = sc.word(i)
		case k&digit != 0:
			i = sc.number(i)
		case k&sign != 0:
			i = sc.sign(i)
		case k&wide != 0:
			i = sc.word(i)
		default:
			i++
		}
	}
}

// found puts the mask of a class in the place of a value and returns the value's end.
func (sc *scanner) found(start, end int, class Class) int {
	return sc.replace(start, end, sc.mask(class))
}

func (sc *scanner) replace(start, end int, with string) int {
	if start < sc.done {
		start = sc.done
	}
	sc.spans = append(sc.spans, span{start, end, with})
	sc.done = end
	return end
}

func (sc *scanner) replaced() string {
	spans := sc.spans[sc.first:]
	if len(spans) == 0 {
		return sc.s
	}
	size := len(sc.s)
	for _, sp := range spans {
		size += len(sp.with) - (sp.end - sp.start)
	}
	var out strings.Builder
	out.Grow(size)
	from := 0
	for _, sp := range spans {
		out.WriteString(sc.s[from:sp.start])
		out.WriteString(sp.with)
		from = sp.end
	}
	out.WriteString(sc.s[from:])
	sc.spans = sc.spans[:sc.first]
	return out.String()
}

// sign looks at a byte at which a value or a pair of name and value may begin.
func (sc *scanner) sign(i int) int {
	switch sc.s[i] {
	case '@':
		return sc.email(i, 1)
	case '%':
		if strings.HasPrefix(sc.s[i:], "%40") {
			return sc.email(i, 3)
		}
	case ':':
		if strings.HasPrefix(sc.s[i:], "://") {
			return sc.authority(i + 3)
		}
		return sc.pair(i)
	case '=':
		return sc.pair(i)
	case '>':
		return sc.element(i)
	case ',':
		return sc.tuple(i)
	case '+', '(':
		if end, ok := rowAt(sc.s, i); ok {
			return sc.replace(i+1, end, sc.refuse())
		}
		if end, ok := phoneAt(sc.s, i, false); ok {
			return sc.found(i, end, sc.phoneOrFax(i))
		}
	case '-':
		if end, ok := privateKeyAt(sc.s, i); ok {
			return sc.found(i, end, Secret)
		}
		return i + 1
	case '{', '[':
		return sc.embedded(i)
	}
	return i + 1
}

// word looks at a word that begins with a letter.
func (sc *scanner) word(i int) int {
	s := sc.s
	end := i
	var seen kind
	for end < len(s) && kinds[s[end]]&word != 0 {
		seen |= kinds[s[end]]
		end++
	}
	if to, ok := secretAt(s, i); ok {
		return sc.found(i, to, Secret)
	}
	if seen&digit != 0 {
		if from := numberIn(s[i:end]); seen&under != 0 && from > 0 {
			return i + from
		}
		return sc.mixed(i, end)
	}
	if seen&under == 0 && seen&wide == 0 && at(s, end) == '-' && kinds[at(s, end+1)]&digit != 0 {
		return sc.code(i, end)
	}
	if seen&under == 0 {
		if next, ok := sc.trigger(i, end, seen); ok {
			return next
		}
	}
	return end
}

// numberIn returns where a number begins after a "_": "scan_123-45-6789.pdf".
func numberIn(token string) int {
	for i := 1; i < len(token); i++ {
		if token[i-1] == '_' && kinds[token[i]]&digit != 0 {
			return i
		}
	}
	return 0
}

// trigger looks at what follows a word of letters only: a name after "patient", a number after "patients/", a ZIP code
// after a state.
func (sc *scanner) trigger(i, end int, seen kind) (next int, ok bool) {
	s := sc.s
	switch at(s, end) {
	case '/', '%':
		return sc.personPath(i, end)
	case '-', ':':
		return sc.opaqueAt(i, end)
	case ' ', '.', ',':
	default:
		return 0, false
	}
	if seen&(upper|wide) != 0 && kinds[s[i]]&(upper|wide) != 0 && seen&(lower|wide) != 0 {
		if to, ok := nameWithContext(s, i); ok {
			return sc.found(i, to, Name), true
		}
	}
	if !triggers.may(s[i], end-i) {
		return 0, false
	}
	switch {
	case seen&lower == 0 && end-i == 2:
		if next, ok = sc.zip(i, end); ok {
			return next, true
		}
	case seen&upper != 0 && end-i >= 3:
		if next, ok = monthFirstAt(s, i); ok && sc.dateContext(i) {
			return sc.found(i, next, Date), true
		}
	}
	if from, to, ok := bearerAt(s, i, end); ok {
		return sc.found(from, to, Secret), true
	}
	if from, to, ok := nameAfter(s, i, end); ok {
		return sc.found(from, to, Name), true
	}
	if next, ok = boxAt(s, i); ok {
		return sc.found(i, next, Geography), true
	}
	return 0, false
}

// opaqueAt passes over UUIDs and hardware addresses that begin with letters only.
func (sc *scanner) opaqueAt(i, end int) (next int, ok bool) {
	switch end - i {
	case 2:
		return sc.hardware(i)
	case 8:
		if isUUID(sc.s, i) {
			return sc.code(i, end), true
		}
	}
	return 0, false
}

// mixed looks at a word of letters and digits.
func (sc *scanner) mixed(i, end int) int {
	s := sc.s
	if to, ok := ibanAt(s, i); ok {
		return sc.found(i, to, Account)
	}
	if to, ok := vinAt(s, i, end); ok {
		return sc.found(i, to, Vehicle)
	}
	if to, ok := sc.hardware(i); ok {
		return to
	}
	return sc.code(i, end)
}

// maxCode is the length at which a token gets no further parts.
const maxCode = 64

// code looks at a token that may be a number of a person if the words before say so: "MRN A-12345". UUIDs and hashes
// are passed over whole.
func (sc *scanner) code(i, end int) int {
	s := sc.s
	to := end
	for to-i < maxCode && at(s, to) == '-' && kinds[at(s, to+1)]&(lower|upper|digit) != 0 {
		to = run(s, to+1, word)
	}
	if hasPrefixFold(s[i:], "0x") {
		return end
	}
	if opaque(s[i:to]) {
		if class := sc.before(i).opaque(); class != None {
			return sc.found(i, to, class)
		}
		return to
	}
	if countDigits(s[i:to]) < 4 {
		return end
	}
	if class := sc.before(i).number(s[i:to]); class != None {
		return sc.found(i, to, class)
	}
	return end
}

// number looks at a token that begins with a digit and follows no letter or digit.
func (sc *scanner) number(i int) int {
	s := sc.s
	end := run(s, i, digit)
	next := at(s, end)
	if end-i <= 3 && kinds[next]&word == 0 && !has("-./ :", next) && !maybeOld(s[i:end]) {
		return end
	}
	if b := at(s, i-1); b == '.' && kinds[at(s, i-2)]&digit != 0 {
		return run(s, i, word)
	}
	if to, isDate := dateAt(s, i); isDate {
		return sc.date(i, to)
	}
	if to, ok := sc.address(i, end); ok {
		return to
	}
	if to, class := sc.figures(i, end); class != None {
		return sc.found(i, to, class)
	}
	if to, ok := streetAt(s, i); ok {
		return sc.found(i, to, Geography)
	}
	if to, ok := coordinatesAt(s, i); ok {
		return sc.found(i, to, Geography)
	}
	if to, ok := sc.age(i, end); ok {
		return sc.found(i, to, Date)
	}
	if whole := run(s, i, word); whole > end {
		return sc.mixed(i, whole)
	}
	return sc.code(i, end)
}

// figures looks at forms of digits: numbers of social security, telephones, payment cards, Medicare.
func (sc *scanner) figures(i, end int) (int, Class) {
	s := sc.s
	if to, ok := ssnAt(s, i, false); ok {
		return to, SSN
	}
	if end-i == 3 || end-i == 1 {
		if to, ok := phoneAt(s, i, false); ok {
			return to, sc.phoneOrFax(i)
		}
	}
	if to, ok := cardAt(s, i); ok {
		return to, Account
	}
	if to, ok := mbiAt(s, i); ok {
		return to, HealthPlan
	}
	if _, digits := phoneRun(s, i); digits < 7 {
		return 0, None
	}
	switch context := sc.before(i); {
	case context.has(Phone) || context.has(Fax):
		if to, ok := phoneAt(s, i, true); ok {
			if context.has(Fax) {
				return to, Fax
			}
			return to, Phone
		}
	case context.has(SSN):
		if to, ok := ssnAt(s, i, true); ok {
			return to, SSN
		}
	}
	return 0, None
}

// rowAt finds the row that PostgreSQL shows with an error. Which of its values is what cannot be seen.
func rowAt(s string, i int) (int, bool) {
	if !strings.HasSuffix(s[:i], "row contains ") {
		return 0, false
	}
	end := len(s)
	if line := strings.IndexByte(s[i:], '\n'); line >= 0 {
		end = i + line
	}
	if last := strings.LastIndexByte(s[i:end], ')'); last > 1 {
		end = i + last
	}
	return end, end > i+1 && !isMask(s[i+1:end])
}

// phoneOrFax returns the class of a telephone number by the words before it.
func (sc *scanner) phoneOrFax(i int) Class {
	if sc.before(i).has(Fax) {
		return Fax
	}
	return Phone
}

// embedded looks at a bracket with which a JSON document may begin.
func (sc *scanner) embedded(i int) int {
	if i < sc.noDocument || !opensDocument(sc.s, i) {
		return i + 1
	}
	before := sc.counted()
	masked, size, ok := sc.prefix(match{}, sc.s[i:])
	if !ok {
		sc.undo(before)
		sc.noDocument = i + size
		return i + 1
	}
	if masked != nil {
		return sc.replace(i, i+size, string(masked))
	}
	return i + size
}
