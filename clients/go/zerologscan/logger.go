package zerologscan

import (
	"github.com/rs/zerolog"
	"github.com/vouchsafe/vouchsafe/clients/go/scan"
)

// Logger is a zerolog logger whose events mask each value before it is encoded.
type Logger struct {
	next   zerolog.Logger
	masker *scan.Masker
}

// NewLogger returns a logger that masks what is logged to next. The context that next has already stays as it is.
func NewLogger(next zerolog.Logger, masker *scan.Masker) Logger { return Logger{next, masker} }

func (l Logger) event(e *zerolog.Event) *Event {
	if e == nil {
		return nil
	}
	return &Event{e, l.masker}
}

// Trace begins an event of the level trace.
func (l Logger) Trace() *Event { return l.event(l.next.Trace()) }

// Debug begins an event of the level debug.
func (l Logger) Debug() *Event { return l.event(l.next.Debug()) }

// Info begins an event of the level info.
func (l Logger) Info() *Event { return l.event(l.next.Info()) }

// Warn begins an event of the level warn.
func (l Logger) Warn() *Event { return l.event(l.next.Warn()) }

// Error begins an event of the level error.
func (l Logger) Error() *Event { return l.event(l.next.Error()) }

// Fatal begins an event after which the program ends.
func (l Logger) Fatal() *Event { return l.event(l.next.Fatal()) }

// Panic begins an event after which the goroutine panics, with the masked message.
func (l Logger) Panic() *Event { return l.event(l.next.Panic()) }

// Log begins an event without a level.
func (l Logger) Log() *Event { return l.event(l.next.Log()) }

// WithLevel begins an event of a level.
func (l Logger) WithLevel(level zerolog.Level) *Event { return l.event(l.next.WithLevel(level)) }

// With returns a logger whose events all have the fields that add adds.
func (l Logger) With(add func(*Event)) Logger {
	fields := encoded(func(e *zerolog.Event) { add(&Event{e, l.masker}) })
	context := l.next.With()
	eachField(fields, func(name string, value []byte) { context = context.RawJSON(name, value) })
	return Logger{context.Logger(), l.masker}
}
