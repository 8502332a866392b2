package scan

import (
	_ "embed" // the table of field names
	"strings"
	"sync"
	"sync/atomic"
)

// shippedFields is a copy of the table of the Rust crate; tests/go/run.sh checks that they are equal.
//
//go:embed fields.tsv
var shippedFields string

// strength says how much the name of a field proves.
type strength uint8

const (
	// weak: only a detector decides.
	weak strength = iota
	// shape: the value is masked if it has a form of the class.
	shape
	// whole: the value is masked, whatever it looks like.
	whole
)

// rule is what a phrase says of a value. Rules of one phrase are tried in order.
type rule struct {
	class    Class
	strength strength
}

// match is the phrase that a name ends with, and its rules.
type match struct {
	phrase string
	rules  []rule
}

// whole returns the rule that takes a value whatever it looks like, if there is one.
func (m match) whole() (rule, bool) {
	for _, r := range m.rules {
		if r.class != None && r.strength == whole {
			return r, true
		}
	}
	return rule{}, false
}

// says reports whether the name says anything at all.
func (m match) says() bool { return len(m.rules) > 0 }

// table is the phrases by their text.
type table struct {
	phrases map[string]match
	// last has the last words of all phrases: most names end with none of them.
	last map[string]bool
	// longest is the number of words in the longest phrase.
	longest int
}

var shipped = struct {
	once  sync.Once
	table *table
}{}

// shippedTable returns the table that ships with the package. It is shared, and never changed.
func shippedTable() *table {
	shipped.once.Do(func() { shipped.table = parseTable(shippedFields + "public key token\tnone\tfield\n") })
	return shipped.table
}

func newTable() *table {
	return &table{phrases: make(map[string]match), last: make(map[string]bool)}
}

// parseTable reads lines of phrase, class and strength. Lines that are not understood are left out; a test checks
// that the shipped table has none.
func parseTable(text string) *table {
	t := newTable()
	for _, line := range strings.Split(text, "\n") {
		phrase, r, ok := parseRule(line)
		if ok {
			t.add(phrase, r)
		}
	}
	return t
}

func parseRule(line string) (string, rule, bool) {
	parts := strings.Split(strings.TrimRight(line, "\r"), "\t")
	if strings.HasPrefix(line, "#") || len(parts) != 3 || parts[0] == "" {
		return "", rule{}, false
	}
	class, ok := ParseClass(parts[1])
	if !ok {
		return "", rule{}, false
	}
	switch parts[2] {
	case "field":
		return parts[0], rule{class, whole}, true
	case "shape":
		return parts[0], rule{class, shape}, true
	case "weak":
		return parts[0], rule{class, weak}, true
	}
	return "", rule{}, false
}

func (t *table) add(phrase string, r rule) {
	known := t.phrases[phrase]
	t.set(phrase, append(known.rules[:len(known.rules):len(known.rules)], r))
}

func (t *table) set(phrase string, rules []rule) {
	t.phrases[phrase] = match{phrase, rules}
	t.last[phrase[strings.LastIndexByte(phrase, ' ')+1:]] = true
	if n := 1 + strings.Count(phrase, " "); n > t.longest {
		t.longest = n
	}
}

// with returns a table in which the phrases of another replace those of this one.
func (t *table) with(other *table) *table {
	if len(other.phrases) == 0 {
		return t
	}
	both := newTable()
	for _, from := range []*table{t, other} {
		for phrase, m := range from.phrases {
			both.set(phrase, m.rules)
		}
	}
	return both
}

// lookup finds the longest phrase that a name ends with. The words are space to work in.
func (t *table) lookup(w *words, name string) match {
	if !t.mayEndWith(name) {
		return match{}
	}
	w.split(name)
	return t.suffix(w)
}

// mayEndWith looks at the last word of a name only, in which most names differ from all phrases.
func (t *table) mayEndWith(name string) bool {
	end := len(name)
	for end > 0 && kinds[name[end-1]]&(letter|digit) == 0 {
		end--
	}
	start := end
	for start > 0 && kinds[name[start-1]]&(letter|digit) != 0 {
		if start--; start > 0 && newWord(name[:end], start, kinds[name[start-1]]) {
			break
		}
	}
	var space [16]byte
	low, ok := lowered(&space, name[start:end])
	return !ok || t.last[string(low)]
}

func (t *table) suffix(w *words) match {
	n := len(w.starts)
	if n == 0 || !t.last[string(w.text[w.starts[n-1]:])] {
		return match{}
	}
	first := 0
	if n > t.longest {
		first = n - t.longest
	}
	for _, start := range w.starts[first:] {
		if m, ok := t.phrases[string(w.text[start:])]; ok {
			return m
		}
	}
	return match{}
}

const (
	maxNameBytes = 96
	maxNameWords = 12
)

// words is a name in lower case, split into words. It has its space with it.
type words struct {
	text   []byte
	starts []int

	textSpace  [maxNameBytes + maxNameWords]byte
	startSpace [maxNameWords]int
}

// split splits a name at case changes, "_", "-", "." and blanks. Of a long name the end is taken.
func (w *words) split(name string) {
	if len(name) > maxNameBytes {
		name = name[len(name)-maxNameBytes:]
	}
	w.text, w.starts = w.textSpace[:0], w.startSpace[:0]
	var before kind
	for i := 0; i < len(name); i++ {
		b := name[i]
		k := kinds[b]
		if k&word == 0 || b == '_' {
			before = 0
			continue
		}
		if before == 0 || newWord(name, i, before) {
			if len(w.starts) == maxNameWords {
				w.dropFirst()
			}
			if len(w.starts) > 0 {
				w.text = append(w.text, ' ')
			}
			w.starts = append(w.starts, len(w.text))
		}
		if k&upper != 0 {
			b += 'a' - 'A'
		}
		w.text = append(w.text, b)
		before = k
	}
}

func (w *words) dropFirst() {
	cut := w.starts[1]
	w.text = w.text[:copy(w.text, w.text[cut:])]
	for i := 1; i < len(w.starts); i++ {
		w.starts[i-1] = w.starts[i] - cut
	}
	w.starts = w.starts[:len(w.starts)-1]
}

// newWord reports whether the case changes at i: "patientID", "MRNNumber" and "ssn4Last" are two words each.
func newWord(name string, i int, before kind) bool {
	if kinds[name[i]]&upper == 0 {
		return false
	}
	if before&lower != 0 {
		return true
	}
	return i+1 < len(name) && kinds[name[i+1]]&lower != 0
}

// cache remembers what was found for names of fields: a program has few of them, and they come again and again.
// It is bounded; names that come too late are looked up each time. Readers take no lock: a new name makes a new map.
type cache struct {
	known atomic.Pointer[map[string]match]
	mutex sync.Mutex
}

const maxCached = 1024

func (c *cache) get(name string) (match, bool) {
	known := c.known.Load()
	if known == nil {
		return match{}, false
	}
	m, ok := (*known)[name]
	return m, ok
}

func (c *cache) put(name string, m match) {
	if len(name) > maxNameBytes {
		return
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	next := make(map[string]match)
	if known := c.known.Load(); known != nil {
		if len(*known) >= maxCached {
			return
		}
		for k, v := range *known {
			next[k] = v
		}
	}
	next[strings.Clone(name)] = m
	c.known.Store(&next)
}
