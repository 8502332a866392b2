package scan

import (
	"bytes"
	"encoding"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"sort"
	"strconv"
	"unicode/utf8"
)

// errLeftOut ends the walk of a value that encoding/json refuses, or that is too large.
var errLeftOut = errors.New("scan: the value is left out")

// encoder writes a Go value as JSON with its values masked. It follows encoding/json: what that does not show, it does
// not show either.
type encoder struct {
	*work
	out   []byte
	depth int
}

// value writes a Go value as masked JSON.
func (w *work) value(m match, value any) json.RawMessage {
	before := w.counted()
	e := encoder{work: w}
	if err := e.encode(m, reflect.ValueOf(value)); err != nil {
		w.undo(before)
		w.refuse()
		return refusedJSON()
	}
	return e.out
}

var (
	jsonMarshaler = reflect.TypeOf((*json.Marshaler)(nil)).Elem()
	textMarshaler = reflect.TypeOf((*encoding.TextMarshaler)(nil)).Elem()
	jsonNumber    = reflect.TypeOf(json.Number(""))
)

// encode writes one value of a field.
func (e *encoder) encode(m match, v reflect.Value) error {
	if len(e.out) > e.maxValue {
		return errLeftOut
	}
	if !v.IsValid() {
		return e.raw("null")
	}
	if v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return e.raw("null")
		}
	}
	if class, ok := e.types[v.Type()]; ok {
		return e.quote(e.mask(class))
	}
	if done, err := e.marshal(m, v); done {
		return err
	}
	return e.kind(m, v)
}

// marshal writes a value that encodes itself.
func (e *encoder) marshal(m match, v reflect.Value) (done bool, err error) {
	t := v.Type()
	if v.Kind() != reflect.Pointer && v.CanAddr() && !t.Implements(jsonMarshaler) && !t.Implements(textMarshaler) {
		if p := reflect.PointerTo(t); p.Implements(jsonMarshaler) || p.Implements(textMarshaler) {
			v, t = v.Addr(), p
		}
	}
	if !v.CanInterface() {
		return false, nil
	}
	switch {
	case t.Implements(jsonMarshaler):
		marshaler, ok := v.Interface().(json.Marshaler)
		if !ok {
			return false, nil
		}
		if _, ok := marshaler.(guarded); ok {
			return true, e.quote(protected)
		}
		doc, err := marshaler.MarshalJSON()
		if err != nil {
			return true, errLeftOut
		}
		return true, e.document(m, doc)
	case t.Implements(textMarshaler):
		marshaler, ok := v.Interface().(encoding.TextMarshaler)
		if !ok {
			return false, nil
		}
		text, err := marshaler.MarshalText()
		if err != nil {
			return true, errLeftOut
		}
		return true, e.quote(e.field(m, string(text)))
	}
	return false, nil
}

// document writes the JSON that a value made of itself.
func (e *encoder) document(m match, doc []byte) error {
	var compact bytes.Buffer
	if len(doc) > 4*e.maxValue || json.Compact(&compact, doc) != nil {
		return errLeftOut
	}
	masked, ok := e.work.document(m, compact.String())
	switch {
	case !ok:
		return errLeftOut
	case masked == nil:
		e.out = append(e.out, compact.Bytes()...)
	default:
		e.out = append(e.out, masked...)
	}
	return nil
}

func (e *encoder) kind(m match, v reflect.Value) error {
	switch v.Kind() {
	case reflect.Bool:
		return e.raw(strconv.FormatBool(v.Bool()))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return e.number(m, strconv.FormatInt(v.Int(), 10))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return e.number(m, strconv.FormatUint(v.Uint(), 10))
	case reflect.Float32, reflect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return errLeftOut
		}
		return e.number(m, strconv.FormatFloat(v.Float(), 'g', -1, v.Type().Bits()))
	case reflect.String:
		if v.Type() == jsonNumber {
			return e.document(m, []byte(v.String()))
		}
		return e.quote(e.field(m, v.String()))
	case reflect.Pointer, reflect.Interface:
		return e.inside(func() error { return e.encode(m, v.Elem()) })
	case reflect.Struct:
		return e.inside(func() error { return e.structure(m, v) })
	case reflect.Map:
		return e.inside(func() error { return e.mapping(m, v) })
	case reflect.Slice:
		if v.IsNil() {
			return e.raw("null")
		}
		if v.Type().Elem().Kind() == reflect.Uint8 && !selfMade(v.Type().Elem()) {
			return e.bytes(m, v.Bytes())
		}
		return e.inside(func() error { return e.list(m, v) })
	case reflect.Array:
		return e.inside(func() error { return e.list(m, v) })
	}
	return errLeftOut
}

// selfMade reports whether a type of bytes encodes itself.
func selfMade(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(jsonMarshaler) || p.Implements(textMarshaler)
}

// inside goes one level down, if there are levels left: a value may contain itself.
func (e *encoder) inside(next func() error) error {
	if e.depth >= e.maxDepth {
		return e.quote(e.refuse())
	}
	e.depth++
	err := next()
	e.depth--
	return err
}

func (e *encoder) structure(m match, v reflect.Value) error {
	e.out = append(e.out, '{')
	first := true
	for _, f := range fieldsOf(v.Type()) {
		value, ok := f.of(v)
		if !ok || f.omitEmpty && isZeroLength(value) {
			continue
		}
		e.comma(&first)
		e.out = appendQuoted(e.out, f.name)
		e.out = append(e.out, ':')
		if err := e.encode(m.inner(e.lookup(f.name)), value); err != nil {
			return err
		}
	}
	e.out = append(e.out, '}')
	return nil
}

func (e *encoder) mapping(m match, v reflect.Value) error {
	if v.IsNil() {
		return e.raw("null")
	}
	type entry struct {
		name  string
		value reflect.Value
	}
	if v.Len() > e.maxValue {
		return errLeftOut
	}
	entries := make([]entry, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		name, err := keyText(it.Key())
		if err != nil {
			return err
		}
		entries = append(entries, entry{name, it.Value()})
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].name < entries[j].name })
	e.out = append(e.out, '{')
	first := true
	for _, en := range entries {
		e.comma(&first)
		e.out = appendQuoted(e.out, e.key(en.name))
		e.out = append(e.out, ':')
		if err := e.encode(m.inner(e.lookup(en.name)), en.value); err != nil {
			return err
		}
	}
	e.out = append(e.out, '}')
	return nil
}

// keyText returns the text of a map's key.
func keyText(key reflect.Value) (string, error) {
	if key.Kind() == reflect.String {
		return key.String(), nil
	}
	if key.CanInterface() {
		if marshaler, ok := key.Interface().(encoding.TextMarshaler); ok {
			if key.Kind() == reflect.Pointer && key.IsNil() {
				return "", nil
			}
			text, err := marshaler.MarshalText()
			if err != nil {
				return "", errLeftOut
			}
			return string(text), nil
		}
	}
	switch {
	case key.CanInt():
		return strconv.FormatInt(key.Int(), 10), nil
	case key.CanUint():
		return strconv.FormatUint(key.Uint(), 10), nil
	}
	return "", errLeftOut
}

func (e *encoder) list(m match, v reflect.Value) error {
	e.out = append(e.out, '[')
	first := true
	for i := 0; i < v.Len(); i++ {
		e.comma(&first)
		if err := e.encode(m, v.Index(i)); err != nil {
			return err
		}
	}
	e.out = append(e.out, ']')
	return nil
}

// bytes writes bytes in base64, as encoding/json does. If they are a text, it is masked before.
func (e *encoder) bytes(m match, value []byte) error {
	if len(value) > e.maxValue {
		return e.quote(e.refuse())
	}
	if r, ok := m.whole(); ok && len(value) > 0 {
		return e.quote(e.mask(r.class))
	}
	if utf8.Valid(value) {
		text := string(value)
		if masked := e.field(m, text); masked != text {
			value = []byte(masked)
		}
	}
	return e.quote(base64.StdEncoding.EncodeToString(value))
}

func (e *encoder) number(m match, decimal string) error {
	if mask, masked := e.scalar(m, decimal); masked {
		return e.quote(mask)
	}
	return e.raw(decimal)
}

func (e *encoder) raw(json string) error {
	e.out = append(e.out, json...)
	return nil
}

func (e *encoder) quote(text string) error {
	e.out = appendQuoted(e.out, text)
	return nil
}

func (e *encoder) comma(first *bool) {
	if !*first {
		e.out = append(e.out, ',')
	}
	*first = false
}
