package scan

import (
	"reflect"
	"sort"
	"strings"
	"sync"
)

// structField is a field of a struct as encoding/json shows it.
type structField struct {
	name      string
	index     []int
	tagged    bool
	omitEmpty bool
}

// of returns the value of the field; there is none behind a nil pointer to an embedded struct.
func (f structField) of(v reflect.Value) (reflect.Value, bool) {
	for _, i := range f.index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return reflect.Value{}, false
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v, true
}

var structs sync.Map // of reflect.Type to []structField

// fieldsOf returns the fields of a struct that encoding/json shows, in order.
func fieldsOf(t reflect.Type) []structField {
	if known, ok := structs.Load(t); ok {
		if fields, ok := known.([]structField); ok {
			return fields
		}
	}
	fields := visible(t)
	structs.Store(t, fields)
	return fields
}

// visible applies the rules for fields of one name: the least nested one, of these the one with a tag, else none.
func visible(t reflect.Type) []structField {
	byName := make(map[string][]structField)
	collect(t, nil, map[reflect.Type]bool{}, func(f structField) { byName[f.name] = append(byName[f.name], f) })
	var shown []structField
	for _, same := range byName {
		if f, ok := dominant(same); ok {
			shown = append(shown, f)
		}
	}
	sort.Slice(shown, func(i, j int) bool { return lessIndex(shown[i].index, shown[j].index) })
	return shown
}

func dominant(same []structField) (structField, bool) {
	sort.SliceStable(same, func(i, j int) bool {
		if len(same[i].index) != len(same[j].index) {
			return len(same[i].index) < len(same[j].index)
		}
		return same[i].tagged && !same[j].tagged
	})
	best := same[0]
	if len(same) > 1 && len(same[1].index) == len(best.index) && same[1].tagged == best.tagged {
		return structField{}, false
	}
	return best, true
}

func lessIndex(a, b []int) bool {
	for i := range a {
		if i >= len(b) {
			return false
		}
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return len(a) < len(b)
}

// collect finds all fields of a struct and of those embedded in it. A struct that embeds itself is looked at once.
func collect(t reflect.Type, index []int, above map[reflect.Type]bool, add func(structField)) {
	if above[t] {
		return
	}
	above[t] = true
	defer delete(above, t)
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		if tag == "-" {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		at := append(index[:len(index):len(index)], i)
		inner := f.Type
		if inner.Kind() == reflect.Pointer && inner.Name() == "" {
			inner = inner.Elem()
		}
		if f.Anonymous && inner.Kind() == reflect.Struct && name == "" && (f.IsExported() || f.Type.Kind() == reflect.Struct) {
			collect(inner, at, above, add)
			continue
		}
		if !f.IsExported() {
			continue
		}
		field := structField{name: name, index: at, tagged: name != "", omitEmpty: hasOption(options, "omitempty")}
		if name == "" {
			field.name = f.Name
		}
		add(field)
	}
}

func hasOption(options, option string) bool {
	for _, o := range strings.Split(options, ",") {
		if o == option {
			return true
		}
	}
	return false
}

// isZeroLength reports whether a value is left out for omitempty.
func isZeroLength(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}
