package zerologscan

import (
	"encoding/json"
	"fmt"
	"net"
	"sort"
	"time"

	"github.com/rs/zerolog"
	"github.com/vouchsafe/vouchsafe/clients/go/scan"
)

// Event is a zerolog event whose methods mask before they encode. As with zerolog, a nil Event is one of a level that
// is not logged: all methods may be called on it.
type Event struct {
	next   *zerolog.Event
	masker *scan.Masker
}

// Enabled reports whether the event will be written.
func (e *Event) Enabled() bool { return e != nil && e.next.Enabled() }

// Msg writes the event with a masked message.
func (e *Event) Msg(message string) {
	if e == nil {
		return
	}
	if message != "" {
		message = e.masker.Text(message)
	}
	e.next.Msg(message)
}

// Msgf writes the event with a masked message.
func (e *Event) Msgf(format string, values ...any) {
	if e != nil {
		e.Msg(fmt.Sprintf(format, values...))
	}
}

// Send writes the event without a message.
func (e *Event) Send() { e.Msg("") }

// add masks by the name of a field; what panics is refused.
func (e *Event) add(name string, encode func(key string, field scan.Field)) (same *Event) {
	if e == nil {
		return nil
	}
	key := e.masker.Key(name)
	defer func() {
		if recover() != nil {
			e.next.Str(key, e.masker.Refuse())
			same = e
		}
	}()
	encode(key, e.masker.Field(name))
	return e
}

// Str adds a text.
func (e *Event) Str(name, value string) *Event {
	return e.add(name, func(key string, field scan.Field) { e.next.Str(key, field.Text(value)) })
}

// Strs adds texts.
func (e *Event) Strs(name string, values []string) *Event {
	return e.add(name, func(key string, field scan.Field) {
		masked := make([]string, len(values))
		for i, value := range values {
			masked[i] = field.Text(value)
		}
		e.next.Strs(key, masked)
	})
}

// Stringer adds the text of a value, or null.
func (e *Event) Stringer(name string, value fmt.Stringer) *Event {
	return e.add(name, func(key string, field scan.Field) {
		switch with, masked := e.masker.Type(value); {
		case masked:
			e.next.Str(key, with)
		case value == nil || isNil(value):
			e.next.Interface(key, nil)
		default:
			e.next.Str(key, field.Text(value.String()))
		}
	})
}

// Bytes adds a text.
func (e *Event) Bytes(name string, value []byte) *Event {
	return e.add(name, func(key string, field scan.Field) { e.next.Bytes(key, field.Bytes(value)) })
}

// RawJSON adds a JSON document. One that is not JSON is added as a text.
func (e *Event) RawJSON(name string, doc []byte) *Event {
	return e.add(name, func(key string, field scan.Field) {
		if masked, ok := field.JSON(doc); ok {
			e.next.RawJSON(key, masked)
			return
		}
		e.next.Str(key, field.Text(string(doc)))
	})
}

// Err adds the text of an error, if there is one.
func (e *Event) Err(err error) *Event { return e.AnErr(zerolog.ErrorFieldName, err) }

// AnErr adds the text of an error, if there is one.
func (e *Event) AnErr(name string, err error) *Event {
	if e == nil || err == nil || isNil(err) {
		return e
	}
	return e.add(name, func(key string, field scan.Field) {
		if with, masked := e.masker.Type(err); masked {
			e.next.Str(key, with)
			return
		}
		e.next.Str(key, field.Text(err.Error()))
	})
}

// Errs adds the texts of errors.
func (e *Event) Errs(name string, errs []error) *Event {
	return e.add(name, func(key string, field scan.Field) {
		texts := make([]string, 0, len(errs))
		for _, err := range errs {
			if err != nil && !isNil(err) {
				texts = append(texts, field.Text(err.Error()))
			}
		}
		e.next.Strs(key, texts)
	})
}

// Interface adds any value as encoding/json shows it.
func (e *Event) Interface(name string, value any) *Event {
	return e.add(name, func(key string, field scan.Field) {
		if with, masked := e.masker.Type(value); masked {
			e.next.Str(key, with)
			return
		}
		if marshaler, ok := value.(zerolog.LogObjectMarshaler); ok {
			e.next.RawJSON(key, object(field, marshaler))
			return
		}
		e.next.RawJSON(key, field.Value(value))
	})
}

// Any is Interface.
func (e *Event) Any(name string, value any) *Event { return e.Interface(name, value) }

// Fields adds a map by names, or a list of names and values in turns. Other values add nothing.
func (e *Event) Fields(fields any) *Event {
	switch fields := fields.(type) {
	case map[string]any:
		names := make([]string, 0, len(fields))
		for name := range fields {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			e.field(name, fields[name])
		}
	case []any:
		for i := 0; i+1 < len(fields); i += 2 {
			if name, ok := fields[i].(string); ok {
				e.field(name, fields[i+1])
			}
		}
	}
	return e
}

func (e *Event) field(name string, value any) {
	switch value := value.(type) {
	case error:
		e.AnErr(name, value)
	case []error:
		e.Errs(name, value)
	case []byte:
		e.Bytes(name, value)
	case json.RawMessage:
		e.RawJSON(name, value)
	case time.Time:
		e.Time(name, value)
	case time.Duration:
		e.Dur(name, value)
	default:
		e.Interface(name, value)
	}
}

// Object adds an object that encodes itself.
func (e *Event) Object(name string, value zerolog.LogObjectMarshaler) *Event {
	return e.Interface(name, value)
}

// EmbedObject adds the fields of an object that encodes itself.
func (e *Event) EmbedObject(value zerolog.LogObjectMarshaler) *Event {
	if e == nil || value == nil {
		return e
	}
	return e.add("", func(string, scan.Field) {
		eachField(object(e.masker.Root(), value), func(key string, value []byte) { e.next.RawJSON(key, value) })
	})
}

// Dict adds an object of the fields that add adds.
func (e *Event) Dict(name string, add func(*Event)) *Event {
	return e.add(name, func(key string, field scan.Field) {
		doc := encoded(func(inner *zerolog.Event) { add(&Event{inner, e.masker}) })
		e.RawJSON(name, doc)
	})
}

// Array adds an array that encodes itself.
func (e *Event) Array(name string, value zerolog.LogArrayMarshaler) *Event {
	return e.add(name, func(key string, field scan.Field) {
		doc := encoded(func(inner *zerolog.Event) { inner.Array("a", value) })
		eachField(doc, func(_ string, array []byte) { e.RawJSON(name, array) })
	})
}

// Bool adds a boolean, which is never masked.
func (e *Event) Bool(name string, value bool) *Event {
	return e.add(name, func(key string, _ scan.Field) { e.next.Bool(key, value) })
}

// Int adds a number.
func (e *Event) Int(name string, value int) *Event { return e.Int64(name, int64(value)) }

// Int64 adds a number.
func (e *Event) Int64(name string, value int64) *Event {
	return e.add(name, func(key string, field scan.Field) {
		if with, masked := field.Int64(value); masked {
			e.next.Str(key, with)
			return
		}
		e.next.Int64(key, value)
	})
}

// Uint64 adds a number.
func (e *Event) Uint64(name string, value uint64) *Event {
	return e.add(name, func(key string, field scan.Field) {
		if with, masked := field.Uint64(value); masked {
			e.next.Str(key, with)
			return
		}
		e.next.Uint64(key, value)
	})
}

// Float64 adds a number.
func (e *Event) Float64(name string, value float64) *Event {
	return e.add(name, func(key string, field scan.Field) {
		if with, masked := field.Float64(value); masked {
			e.next.Str(key, with)
			return
		}
		e.next.Float64(key, value)
	})
}

// Time adds a time.
func (e *Event) Time(name string, value time.Time) *Event {
	return e.add(name, func(key string, field scan.Field) {
		if with, masked := field.Time(value); masked {
			e.next.Str(key, with)
			return
		}
		e.next.Time(key, value)
	})
}

// Timestamp adds the current time.
func (e *Event) Timestamp() *Event {
	if e != nil {
		e.next.Timestamp()
	}
	return e
}

// Dur adds a duration, which is never masked.
func (e *Event) Dur(name string, value time.Duration) *Event {
	return e.add(name, func(key string, _ scan.Field) { e.next.Dur(key, value) })
}

// IPAddr adds an address.
func (e *Event) IPAddr(name string, value net.IP) *Event { return e.Str(name, value.String()) }

// Caller adds the file and line of the caller.
func (e *Event) Caller() *Event {
	if e != nil {
		e.next.Caller(1)
	}
	return e
}
