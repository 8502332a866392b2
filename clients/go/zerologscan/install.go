package zerologscan

import (
	"bytes"
	"encoding/json"
	"reflect"
	"sync"

	"github.com/rs/zerolog"
	"github.com/vouchsafe/vouchsafe/clients/go/scan"
)

var installing sync.Mutex

// Install sets zerolog's global functions for values, errors and stacks to ones that mask before they encode, and
// returns a function that sets them back. Call it before the first logger is used: zerolog reads them without a lock.
//
// Values that zerolog hands to encoding/json are masked by type, by the names of their fields and by the detectors; a
// marshaler that fails shows nothing of its error. The texts of errors are masked by the detectors. The name of the
// field itself is not known here: the Writer sees it.
func Install(masker *scan.Masker) (restore func()) {
	installing.Lock()
	defer installing.Unlock()
	values, errs, stacks := zerolog.InterfaceMarshalFunc, zerolog.ErrorMarshalFunc, zerolog.ErrorStackMarshaler

	zerolog.InterfaceMarshalFunc = func(value any) ([]byte, error) { return masker.Root().Value(value), nil }
	zerolog.ErrorMarshalFunc = func(err error) any { return maskedError(masker, errs, err) }
	if stacks != nil {
		zerolog.ErrorStackMarshaler = func(err error) any { return maskedError(masker, stacks, err) }
	}
	return func() {
		installing.Lock()
		defer installing.Unlock()
		zerolog.InterfaceMarshalFunc, zerolog.ErrorMarshalFunc, zerolog.ErrorStackMarshaler = values, errs, stacks
	}
}

// maskedError returns what zerolog encodes for an error: nothing, a text, or JSON. The function that was set before
// says what of the error is shown.
func maskedError(masker *scan.Masker, shown func(error) any, err error) (masked any) {
	defer func() {
		if recover() != nil {
			masked = masker.Refuse()
		}
	}()
	switch value := shown(err).(type) {
	case nil:
		return nil
	case string:
		return masker.Text(value)
	case zerolog.LogObjectMarshaler:
		return json.RawMessage(object(masker.Root(), value))
	case error:
		if isNil(value) {
			return nil
		}
		return masker.Text(value.Error())
	default:
		return masker.Root().Value(value)
	}
}

func isNil(value any) bool {
	v := reflect.ValueOf(value)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

// object returns the masked JSON of an object that encodes itself.
func object(field scan.Field, value zerolog.LogObjectMarshaler) []byte {
	if masked, ok := field.JSON(encoded(value.MarshalZerologObject)); ok {
		return masked
	}
	return []byte(`"` + scan.Refused + `"`)
}

// encoded returns the JSON object that add makes. It has an event of its own: one that it is given cannot be looked
// into.
func encoded(add func(*zerolog.Event)) []byte {
	var out bytes.Buffer
	logger := zerolog.New(&out)
	event := logger.Log()
	if event == nil {
		return []byte("{}")
	}
	add(event)
	event.Send()
	return bytes.TrimSpace(out.Bytes())
}

// eachField calls add with the fields of a JSON object, in order.
func eachField(object []byte, add func(name string, value []byte)) {
	decoder := json.NewDecoder(bytes.NewReader(object))
	if _, err := decoder.Token(); err != nil {
		return
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return
		}
		var value json.RawMessage
		if decoder.Decode(&value) != nil {
			return
		}
		if text, ok := name.(string); ok {
			add(text, value)
		}
	}
}
