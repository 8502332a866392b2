package zapscan

import (
	"fmt"
	"io"

	"github.com/vouchsafe/vouchsafe/clients/go/scan"
)

// maxErrors is how deep groups of errors may be nested.
const maxErrors = 8

// maskError returns an error with the masked texts of another. zap writes a second text of errors that format
// themselves, and the errors of a group one by one; both are masked too.
func maskError(name scan.Field, err error, depth int) error {
	base := maskedError{name, err, depth}
	switch err.(type) {
	case interface{ Errors() []error }:
		if depth < maxErrors {
			return maskedGroup{base}
		}
	case fmt.Formatter:
		return maskedVerbose{base}
	}
	return base
}

// maskedError has no Unwrap: who takes it apart would get the error as it was.
type maskedError struct {
	name  scan.Field
	err   error
	depth int
}

func (e maskedError) Error() string { return e.name.Text(errorOf(e.err)) }

type maskedVerbose struct{ maskedError }

func (e maskedVerbose) Format(f fmt.State, verb rune) {
	text := e.Error()
	if verb == 'v' && f.Flag('+') {
		text = e.name.Text(verboseOf(e.err))
	}
	_, _ = io.WriteString(f, text)
}

type maskedGroup struct{ maskedError }

func (e maskedGroup) Errors() (masked []error) {
	defer func() {
		if recover() != nil {
			masked = nil
		}
	}()
	group, ok := e.err.(interface{ Errors() []error })
	if !ok {
		return nil
	}
	for _, err := range group.Errors() {
		if err != nil {
			masked = append(masked, maskError(e.name, err, e.depth+1))
		}
	}
	return masked
}

// errorOf calls the Error method, which may panic on a nil pointer.
func errorOf(err error) (text string) {
	defer func() {
		if recover() != nil {
			text = unprintable(err)
		}
	}()
	return err.Error()
}

// verboseOf formats with %+v. Package fmt catches a panic and prints its value, which is masked as all text is.
func verboseOf(err error) string { return fmt.Sprintf("%+v", err) }
