package scan

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// protected is what a PHI value shows.
const protected = "[PHI]"

// errUnfit is returned for a document that does not fit a PHI value. It names neither the document nor a part of it.
var errUnfit = errors.New("scan: the document does not fit the PHI value")

// PHI holds a value that must not be shown. Whatever prints or encodes it gets [PHI]: package fmt with any verb, JSON,
// text and XML encoders, zap, zerolog and log/slog, also where a PHI is an unexported field of another value.
//
// It can be decoded from JSON, so a request's type can have fields of it:
//
//	type Patient struct {
//		ID   string           `json:"id"`
//		Name scan.PHI[string] `json:"name"`
//	}
//
// The zero PHI holds the zero value of T.
type PHI[T any] struct {
	// A function, and no value: package fmt calls no method of an unexported field and would print a value in it.
	reveal func() T
}

// Protect returns a PHI that holds value.
func Protect[T any](value T) PHI[T] {
	return PHI[T]{reveal: func() T { return value }}
}

// Reveal returns the value. Its uses are the places to look at in a review.
func (p PHI[T]) Reveal() T {
	if p.reveal == nil {
		var zero T
		return zero
	}
	return p.reveal()
}

// String returns [PHI].
func (PHI[T]) String() string { return protected }

// GoString returns [PHI].
func (PHI[T]) GoString() string { return protected }

// Format writes [PHI], whatever the verb is.
func (PHI[T]) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, protected) }

// MarshalJSON returns "[PHI]".
func (PHI[T]) MarshalJSON() ([]byte, error) { return []byte(`"` + protected + `"`), nil }

// MarshalText returns [PHI].
func (PHI[T]) MarshalText() ([]byte, error) { return []byte(protected), nil }

// UnmarshalJSON decodes the value. Its error does not hold a part of the document, as those of encoding/json do.
func (p *PHI[T]) UnmarshalJSON(doc []byte) error {
	var value T
	if err := json.Unmarshal(doc, &value); err != nil {
		return errUnfit
	}
	*p = Protect(value)
	return nil
}

func (PHI[T]) isProtected() {}

// guarded is any PHI.
type guarded interface{ isProtected() }
