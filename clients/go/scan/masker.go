package scan

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	defaultMaxValue = 64 << 10
	defaultMaxDepth = 32
	// maxNested is how often one encoding may stand in another: JSON in a string of JSON in a query string, say.
	maxNested = 6
)

// A Masker masks texts and values. Make one with [New] and share it: its methods may be called at the same time.
type Masker struct {
	table    *table
	types    map[reflect.Type]Class
	maxValue int
	maxDepth int

	cache   cache
	counts  [numClasses]atomic.Uint64
	refused atomic.Uint64
	pool    sync.Pool
}

// An Option changes what a Masker masks.
type Option func(*options)

type options struct {
	fields   *table
	types    map[reflect.Type]Class
	maxValue int
	maxDepth int
}

// WithField says that the whole value of a field is of a class. The name is matched like those that ship with the
// package: "ward badge" is the end of "wardBadge", "ward_badge" and "patient.ward-badge". With None, the name proves
// nothing any more, and only the detectors look at the value.
func WithField(name string, class Class) Option {
	return func(o *options) {
		var w words
		w.split(name)
		if len(w.text) > 0 {
			o.fields.set(string(w.text), []rule{{class, whole}})
		}
	}
}

// WithType says that values of type T are of a class, wherever in a logged value they are. Pointers to T are, too.
func WithType[T any](class Class) Option {
	return func(o *options) { o.types[reflect.TypeOf((*T)(nil)).Elem()] = class }
}

// WithMaxValue sets how many bytes a single value may have, 65,536 if not set. A larger one is replaced by [Refused].
func WithMaxValue(bytes int) Option {
	return func(o *options) { o.maxValue = bytes }
}

// WithMaxDepth sets how deep objects and arrays may be nested, 32 if not set. What is deeper is replaced by [Refused].
func WithMaxDepth(levels int) Option {
	return func(o *options) { o.maxDepth = levels }
}

// New makes a Masker with the table of field names and the detectors that ship with the package.
func New(opts ...Option) *Masker {
	o := options{
		fields:   newTable(),
		types:    make(map[reflect.Type]Class),
		maxValue: defaultMaxValue,
		maxDepth: defaultMaxDepth,
	}
	for _, apply := range opts {
		apply(&o)
	}
	return &Masker{
		table:    shippedTable().with(o.fields),
		types:    o.types,
		maxValue: o.maxValue,
		maxDepth: o.maxDepth,
	}
}

// Counts returns how many values were masked so far, by class. A class that was not found is not in it. A count that
// grows names a cause to be fixed: a value that should not have been logged.
func (m *Masker) Counts() map[Class]uint64 {
	counts := make(map[Class]uint64)
	for c := range m.counts {
		if n := m.counts[c].Load(); n > 0 {
			counts[Class(c)] = n
		}
	}
	return counts
}

// RefusedCount returns how many values were replaced by [Refused] so far.
func (m *Masker) RefusedCount() uint64 { return m.refused.Load() }

// Type returns the mask of a value if its type alone says that it must not be shown: [PHI] and the types of [WithType].
func (m *Masker) Type(value any) (mask string, masked bool) {
	if _, ok := value.(guarded); ok {
		return protected, true
	}
	if len(m.types) == 0 || value == nil {
		return "", false
	}
	t := reflect.TypeOf(value)
	class, ok := m.types[t]
	if !ok && t.Kind() == reflect.Pointer {
		class, ok = m.types[t.Elem()]
	}
	if !ok {
		return "", false
	}
	m.counts[class].Add(1)
	return class.Mask(), true
}

// MaxDepth returns how deep objects and arrays may be nested.
func (m *Masker) MaxDepth() int { return m.maxDepth }

// Refuse counts a value that cannot be masked and returns what stands in its place. It is for packages that put a
// Masker in front of a logger.
func (m *Masker) Refuse() string {
	m.refused.Add(1)
	return Refused
}

// Text returns a text in which the values that the detectors find are masked: a log message, the text of an error.
// JSON in it stays JSON.
func (m *Masker) Text(text string) string { return m.Root().Text(text) }

// Key returns the name of a field, masked if it holds a value itself, as keys of maps do.
func (m *Masker) Key(name string) (masked string) {
	w := m.begin()
	defer w.end(func() { masked = Refused })
	return w.key(name)
}

// Root returns the field that has no name: the whole of an entry, or of a document.
func (m *Masker) Root() Field { return Field{masker: m} }

// Field looks up what the name of a field says of its value.
func (m *Masker) Field(name string) Field { return Field{m, m.lookup(name)} }

func (m *Masker) lookup(name string) match {
	if isMask(name) {
		return match{}
	}
	if found, ok := m.cache.get(name); ok {
		return found
	}
	var w words
	found := m.table.lookup(&w, name)
	m.cache.put(name, found)
	return found
}

// A Field is what the name of a field says of its value. [Masker.Field] makes one; the zero Field is not usable.
type Field struct {
	masker *Masker
	match  match
}

// Field looks up a field inside of this one. If its own name says nothing, the outer name counts: in an object
// "home_address", each text is a place.
func (f Field) Field(name string) Field {
	return Field{f.masker, f.match.inner(f.masker.lookup(name))}
}

// inner returns what counts for a field whose own name says own. If the value has not the form that its own name asks
// for, the outer name decides.
func (m match) inner(own match) match {
	outer, ok := m.inherited()
	if !ok {
		return own
	}
	if !own.says() {
		return match{m.phrase, []rule{outer}}
	}
	if _, decided := own.whole(); decided || own.has(None) {
		return own
	}
	return match{own.phrase, append(own.rules[:len(own.rules):len(own.rules)], outer)}
}

// inherited returns the rule that counts for the fields inside: one that takes any value, or a name's. FHIR has names as
// objects.
func (m match) inherited() (rule, bool) {
	if r, ok := m.whole(); ok {
		return r, true
	}
	for _, r := range m.rules {
		if r.class == Name && strings.HasSuffix(m.phrase, "name") {
			return r, true
		}
	}
	return rule{}, false
}

// Text returns the value of the field, masked.
func (f Field) Text(value string) (masked string) {
	w := f.masker.begin()
	defer w.end(func() { masked = Refused })
	return w.field(f.match, value)
}

// Bytes returns the value of the field, masked. The slice that is given is not changed.
func (f Field) Bytes(value []byte) []byte {
	text := string(value)
	if masked := f.Text(text); masked != text {
		return []byte(masked)
	}
	return value
}

// Int64 returns the mask of a number, or false if the number may be shown as it is.
func (f Field) Int64(n int64) (mask string, masked bool) {
	if !f.match.says() && n < leastCard {
		return "", false
	}
	return f.scalar(strconv.FormatInt(n, 10))
}

// Uint64 returns the mask of a number, or false if the number may be shown as it is.
func (f Field) Uint64(n uint64) (mask string, masked bool) {
	if !f.match.says() && n < leastCard {
		return "", false
	}
	return f.scalar(strconv.FormatUint(n, 10))
}

// Float64 returns the mask of a number, or false if the number may be shown as it is.
func (f Field) Float64(n float64) (mask string, masked bool) {
	if !f.match.says() && n < leastCard {
		return "", false
	}
	return f.scalar(strconv.FormatFloat(n, 'f', -1, 64))
}

// Time returns the mask of a time, or false if the time may be shown as it is.
func (f Field) Time(t time.Time) (mask string, masked bool) {
	if !f.match.says() {
		return "", false
	}
	return f.scalar(t.UTC().Format(time.RFC3339))
}

func (f Field) scalar(text string) (mask string, masked bool) {
	w := f.masker.begin()
	defer w.end(func() { mask, masked = Refused, true })
	return w.scalar(f.match, text)
}

// leastCard is the least number that can be that of a payment card, the only number that is found without a name.
const leastCard = 1e12

// Value returns the JSON that encoding/json makes of a value, masked. It is always one JSON value: what encoding/json
// refuses, what is too deep or too large is "[REFUSED]".
func (f Field) Value(value any) (masked json.RawMessage) {
	w := f.masker.begin()
	defer w.end(func() { masked = refusedJSON() })
	return w.value(f.match, value)
}

// JSON returns a JSON document in which values are masked, and true; or nil and false if doc is not JSON. Numbers that
// are masked become strings. Blanks and the order of fields stay. If nothing is masked, it returns doc itself.
func (f Field) JSON(doc []byte) (masked []byte, ok bool) {
	w := f.masker.begin()
	defer w.end(func() { masked, ok = refusedJSON(), true })
	masked, ok = w.document(f.match, string(doc))
	if ok && masked == nil {
		return doc, true
	}
	return masked, ok
}

// work is one call of a method: what was masked in it, and the memory that it needs.
type work struct {
	*Masker
	tally [numClasses]uint32
	turns uint32
	// nested is how many encodings are around the text that is looked at.
	nested int
	spans  []span
	words  words
}

func (m *Masker) begin() *work {
	if w, ok := m.pool.Get().(*work); ok {
		return w
	}
	return &work{Masker: m}
}

// end adds what was masked to the counts. It is deferred and catches a panic: that of a method of a logged value, or our
// own mistake. A service must not end because of what it logs. The value is left out then.
func (w *work) end(refuse func()) {
	if recover() != nil {
		w.turns++
		refuse()
	}
	for c, n := range w.tally {
		if n > 0 {
			w.counts[c].Add(uint64(n))
		}
	}
	if w.turns > 0 {
		w.refused.Add(uint64(w.turns))
	}
	w.tally, w.turns, w.nested, w.spans = [numClasses]uint32{}, 0, 0, w.spans[:0]
	w.pool.Put(w)
}

// mask counts a value and returns its mask.
func (w *work) mask(c Class) string {
	if c == None {
		return w.refuse()
	}
	w.tally[c]++
	return c.Mask()
}

// refuse counts a value that is left out and returns what stands in its place.
func (w *work) refuse() string {
	w.turns++
	return Refused
}

// counted is what was masked so far, for an attempt that may fail.
type counted struct {
	tally [numClasses]uint32
	turns uint32
}

func (w *work) counted() counted { return counted{w.tally, w.turns} }

// undo forgets what was counted since.
func (w *work) undo(since counted) { w.tally, w.turns = since.tally, since.turns }

// field masks the value of a field.
func (w *work) field(m match, value string) string {
	if len(value) > w.maxValue {
		return w.refuse()
	}
	if class := m.class(value); class != None {
		return w.mask(class)
	}
	if versionWords[m.phrase] && isQuad(value) {
		return value
	}
	return w.text(value)
}

// refusedJSON is Refused as JSON.
func refusedJSON() []byte { return []byte(`"` + Refused + `"`) }

// scalar masks a number or a time.
func (w *work) scalar(m match, text string) (string, bool) {
	if class := m.class(text); class != None {
		return w.mask(class), true
	}
	if end, ok := cardAt(text, 0); ok && end == len(text) {
		return w.mask(Account), true
	}
	return "", false
}

// key masks the name of a field if it holds a value itself. Most names have neither of the bytes that it takes.
func (w *work) key(name string) string {
	if len(name) <= 3*maxNameBytes && countDigits(name) < 5 && strings.IndexByte(name, '@') < 0 && strings.IndexByte(name, ' ') < 0 {
		return name
	}
	return w.field(match{}, name)
}
